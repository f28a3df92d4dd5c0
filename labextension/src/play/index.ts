import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { animate } from './pictures';

const play: JupyterFrontEndPlugin<void> = {
  id: 'sequence-course:play',
  description: 'Drawings that move: sliders in place of still pictures',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => {
    const watch = ({ content }: NotebookPanel) => {
      const images = content.node.getElementsByTagName('img');
      const observer = new MutationObserver(() => animate(images));
      // A text is rendered when its cell comes into view, and the address of an image is known later.
      observer.observe(content.node, { attributeFilter: ['src'], childList: true, subtree: true });
      content.disposed.connect(() => observer.disconnect());
      animate(images);
    };
    tracker.forEach(watch);
    tracker.widgetAdded.connect((_, panel) => watch(panel));
  }
};

export default play;
