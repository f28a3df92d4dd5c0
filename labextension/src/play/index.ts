import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMime, IRenderMimeRegistry, RenderedImage } from '@jupyterlab/rendermime';

import { HEATMAPS, tell } from './heatmap';
import { animate } from './pictures';

const PNG = 'image/png';
const BEFORE_PNG = 85; // the rank of PNG is 90

/** The PNG as JupyterLab shows it, and it tells its cells. */
class RenderedHeatmaps extends RenderedImage {
  constructor(options: IRenderMime.IRendererOptions) {
    super({ ...options, mimeType: PNG });
  }

  async render(model: IRenderMime.IMimeModel): Promise<void> {
    if (!model.data[PNG]) {
      this.node.textContent = String(model.data['text/plain'] ?? '');
      return;
    }
    await super.render(model);
    tell(this.node.querySelector('img')!, model.data[HEATMAPS]);
  }
}

const play: JupyterFrontEndPlugin<void> = {
  id: 'sequence-course:play',
  description: 'Drawings that move: sliders in place of still pictures; heatmaps that tell their cells',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker, rendermime: IRenderMimeRegistry) => {
    const createRenderer = (options: IRenderMime.IRendererOptions) => new RenderedHeatmaps(options);
    rendermime.addFactory({ safe: true, mimeTypes: [HEATMAPS], createRenderer }, BEFORE_PNG);
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
