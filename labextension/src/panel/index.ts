import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';

import { Model } from './model';
import { isGraded } from './places';
import { CoursePanel } from './view';

const ID = 'sequence-course:panel';
const OPEN = 'sequence-course:open';
const CHECK = 'sequence-course:check';

const icon = new LabIcon({
  name: 'sequence-course:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
    <path class="jp-icon3" fill="#616161" d="M4 5h10v2H4zm0 5h8v2H4zm0 5h6v2H4zm16.3-4.7 1.4 1.4-7.2 7.2-4-4 1.4-1.4 2.6 2.6z"/>
  </svg>`
});

const panel: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'The course at a glance, and the exercises of the open notebook',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ISettingRegistry, ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('sequence_course');
    const model = new Model(tracker);
    const loaded = settings?.load(ID);

    const setCheckAfterSave = (value: boolean) => {
      model.setCheckAfterSave(value);
      void loaded?.then(found => found.set('checkAfterSave', value));
    };
    const open = (path: string) => void app.commands.execute('docmanager:open', { path });
    const widget = new CoursePanel(model, trans, rendermime, open, setCheckAfterSave);
    widget.id = 'sequence-course-panel';
    widget.title.icon = icon;
    widget.title.caption = trans.__('Course');
    app.shell.add(widget, 'right', { rank: 50, type: 'Course' });
    restorer?.add(widget, widget.id);

    loaded
      ?.then(found => {
        const read = () => model.setCheckAfterSave(found.get('checkAfterSave').composite !== false);
        found.changed.connect(read);
        read();
      })
      .catch(reason => console.warn(`${ID}: no settings: ${reason}`));

    app.commands.addCommand(OPEN, {
      label: trans.__('Course Panel'),
      caption: trans.__('Show the course at a glance, and the exercises of the open notebook'),
      icon,
      execute: () => app.shell.activateById(widget.id)
    });
    app.commands.addCommand(CHECK, {
      label: trans.__('Check This Notebook'),
      caption: trans.__('Save, check the exercises, and show what came out'),
      isVisible: () => tracker.currentWidget !== null && isGraded(tracker.currentWidget),
      execute: async () => {
        app.shell.activateById(widget.id);
        await model.check();
      }
    });
    for (const command of [OPEN, CHECK]) {
      palette?.addItem({ command, category: trans.__('Course') });
    }
    tracker.currentChanged.connect((_, current) => {
      app.commands.notifyCommandChanged(CHECK);
      void current?.context.ready.then(() => app.commands.notifyCommandChanged(CHECK));
    });
  }
};

export default panel;
