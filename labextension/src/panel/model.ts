// What the panel knows, and what can be done with it.
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import * as api from './api';
import { HandIn, handIn, submit } from './handin';
import { cellOf, goToCell } from './places';

/** What of a notebook is checked: as long as that stays, nothing has to be saved. */
const text = (panel: NotebookPanel): string =>
  JSON.stringify(panel.content.widgets.map(cell => [cell.model.type, cell.model.sharedModel.source]));

const POLL = 150; // milliseconds between two looks at a check that runs

export class Model {
  course: api.Course | null = null;
  view: api.View | null = null;
  fault: api.Fault | null = null;
  handIn: HandIn | null = null;
  /** Exercises whose verdict came with the last check, for who cannot see it. */
  news: api.Exercise[] = [];
  solutions = new Map<string, string>(); // by path and exercise
  checkAfterSave = true;

  private _changed = new Signal<this, void>(this);
  private _panel: NotebookPanel | null = null;
  private _on = false;
  private _watching = new Set<string>();
  private _texts = new WeakMap<NotebookPanel, string>(); // as they are in the files

  constructor(private _tracker: INotebookTracker) {
    _tracker.currentChanged.connect(() => this._turn());
    _tracker.widgetAdded.connect((_, panel) => {
      const note = () => void this._texts.set(panel, text(panel));
      void panel.context.ready.then(note);
      panel.context.saveState.connect((_, state) => state === 'completed' && note());
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get panel(): NotebookPanel | null {
    return this._panel;
  }

  get path(): string {
    return this._panel?.context.localPath ?? '';
  }

  setCheckAfterSave(value: boolean): void {
    this.checkAfterSave = value;
    this._changed.emit();
  }

  /** Called when the panel is shown. Before that nothing is asked of the server. */
  turnOn(): void {
    if (this._on) {
      void this._guard(() => this._refresh());
    } else {
      this._on = true;
      this._turn();
      void this._guard(() => this._overview());
    }
  }

  /** Check what is in the file, after saving what was typed. Where nothing was, the file stays as it is. */
  async check(): Promise<void> {
    const panel = this._panel;
    if (panel && !panel.context.model.readOnly && text(panel) !== this._texts.get(panel)) {
      await panel.context.save(); // its end begins the check, where that is switched on
      if (this.checkAfterSave && this._on) {
        return;
      }
    }
    await this._guard(() => this._check(this.path));
  }

  stop = (): Promise<void> => this._guard(async () => this._show(await api.act('stop', this.path)));

  hint = (exercise: string): Promise<void> =>
    this._guard(async () => this._show(await api.on('hint', this.path, exercise)));

  /** Show a solution, or put a cell below the exercise that takes the course's reference. */
  solution = (exercise: string): Promise<void> =>
    this._guard(async () => {
      const view = await api.on('solution', this.path, exercise);
      const { text, cell } = view.solution ?? { text: '', cell: '' };
      if (text) {
        this.solutions.set(`${this.path}\n${exercise}`, text);
      }
      const panel = this._panel;
      if (cell && panel?.content.model) {
        const index = cellOf(panel, exercise) + 1;
        if (panel.content.widgets[index]?.model.sharedModel.source !== cell) {
          panel.content.model.sharedModel.insertCell(index, { cell_type: 'code', source: cell });
        }
        await goToCell(panel, index);
      }
      this._show(view);
      await this._overview();
    });

  submit = (): Promise<void> =>
    this._guard(async () => {
      const { handIn: it, path } = this;
      if (it) {
        await this._panel?.context.save();
        this.handIn = await submit(it, path);
      }
    });

  private _turn(): void {
    const panel = this._tracker.currentWidget;
    if (panel !== this._panel) {
      this._panel?.context.saveState.disconnect(this._saved, this);
      this._panel?.context.pathChanged.disconnect(this._turned, this);
      panel?.context.saveState.connect(this._saved, this);
      panel?.context.pathChanged.connect(this._turned, this);
      this._panel = panel;
    }
    this._turned();
  }

  private _turned(): void {
    this.view = this.fault = this.handIn = null;
    this.news = [];
    this._changed.emit();
    if (this._on) {
      void this._guard(() => this._refresh());
    }
  }

  private _saved(_: unknown, state: string): void {
    if (state === 'completed' && this._on && this.checkAfterSave) {
      void this._guard(() => this._check(this.path));
    }
  }

  private async _check(path: string): Promise<void> {
    if (path) {
      this._show(await api.act('check', path));
      await this._follow(path);
    }
  }

  /** Look at a check until it has ended. */
  private async _follow(path: string): Promise<void> {
    if (this._watching.has(path)) {
      return;
    }
    this._watching.add(path);
    try {
      while (this.path === path && this.view?.running) {
        await new Promise(resolve => setTimeout(resolve, POLL));
        const view = await api.look(path);
        if (this.path === path) {
          this._tell(view);
          this._show(view);
        }
      }
    } finally {
      this._watching.delete(path);
    }
    await this._overview();
  }

  private _tell(view: api.View): void {
    const before = new Map(this.view?.exercises.map(it => [it.name, it]));
    const same = (a: api.Exercise, b?: api.Exercise) => a.state === b?.state && a.message === b.message;
    const news = view.exercises.filter(it => it.state !== 'blank' && !same(it, before.get(it.name)));
    this.news = news.length ? news : this.news;
  }

  private _show(view: api.View): void {
    if (view.path === this.path) {
      this.view = view;
      this.fault = view.fault;
      this._changed.emit();
    }
  }

  private async _refresh(): Promise<void> {
    const path = this.path;
    if (path) {
      const view = await api.look(path);
      this._show(view);
      if (view.exchange && this.path === path) {
        this.handIn = await handIn(path).catch(() => null);
      }
      if (view.running) {
        await this._follow(path);
      }
    }
  }

  private async _overview(): Promise<void> {
    this.course = await api.course();
    this._changed.emit();
  }

  /** Do this, and show what went wrong. */
  private async _guard(what: () => Promise<void>): Promise<void> {
    const path = this.path;
    try {
      await what();
    } catch (error) {
      const fact = error instanceof Error ? error.message : String(error);
      const fault = error instanceof api.Refused ? error.fault : { place: 'course', fact, fix: '' };
      if (this.path === path) {
        this.fault = fault;
      }
    }
    this._changed.emit();
  }
}
