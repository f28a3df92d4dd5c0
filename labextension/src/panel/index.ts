import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

const panel: JupyterFrontEndPlugin<void> = {
  id: 'sequence-course:panel',
  description: 'The course at a glance, and the exercises of the open notebook',
  autoStart: true,
  activate: (_app: JupyterFrontEnd) => undefined
};

export default panel;
