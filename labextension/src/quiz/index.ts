import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Questions } from './questions';

const quiz: JupyterFrontEndPlugin<void> = {
  id: 'sequence-course:quiz',
  description: 'Quiz questions to click',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('sequence_course');
    tracker.forEach(panel => new Questions(panel, trans));
    tracker.widgetAdded.connect((_, panel) => void new Questions(panel, trans));
  }
};

export default quiz;
