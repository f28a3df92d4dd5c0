// The questions of one view of a notebook. The server reads the cells (autograder/desk/quizzes.py), and here the forms
// are put into the view. The notebook changes only where a person chooses or types.
import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { PanelLayout, Widget } from '@lumino/widgets';

import { ask } from '../panel/api';
import { Chosen, Kind, moved, Place } from './code';
import { CheckFold, QuizForm } from './view';

/** A question, as the server tells it. */
export interface Form {
  name: string;
  kind: Kind;
  letters: string;
  numbers: string[];
  options: string[];
  text: string;
  answer: string;
  check: string;
  how: string;
  place: Place | null;
  code: string;
  typed: string;
  chosen: Chosen;
  state: 'open' | 'good' | 'calculated' | 'wrong';
  said: string;
  draw: string;
  draw_told: boolean;
  drawn: string;
  undrawn: string;
  asks: Place | null;
  student: string;
}

interface Label {
  grade_id?: string;
  solution?: boolean;
}

interface Undoer {
  undoManager?: { stopCapturing(): void } | null;
}

const LISTED = 'sc-quiz-listed'; // the form shows the options in place of the question's list
const PAUSE = 20; // milliseconds in which changes are collected: a cell that prints a lot makes many
const DRAWN = 'sc-quiz-drawn'; // the form shows the numbers in place of the sentence about them

export class Questions {
  private _forms: Form[] = [];
  private _read = ''; // the request that the forms are the answer to
  private _sources = new Map<string, string>(); // of the cells then, and after what was written since
  private _placed = new Map<Cell, QuizForm | CheckFold>();
  private _asking = false;
  private _waiting: (() => void)[] = [];

  constructor(
    readonly panel: NotebookPanel,
    readonly trans: TranslationBundle
  ) {
    const look = () => void this._look();
    void panel.context.ready.then(() => {
      panel.model?.contentChanged.connect(look);
      panel.model?.stateChanged.connect(look); // it may become read-only
      panel.content.modelContentChanged.connect(look);
      look();
    });
    // JupyterLab takes single keys for commands (B: a new cell), but in what one can type into. A form is of that sort.
    panel.node.addEventListener('focusin', event => {
      if ((event.target as Element).closest('.sc-Quiz')) {
        panel.content.node.classList.add('jp-mod-readWrite');
      }
    });
  }

  /** Write the answer, or the id, to its place. */
  write(form: Form, what: 'place' | 'asks', code: string, mine: Partial<Form>): void {
    const current = this._forms.find(it => it.name === form.name);
    const place = current?.[what];
    const cell = place && this._cell(place.cell);
    if (!current || !cell || this._readOnly(cell)) {
      return;
    }
    const model = cell.model.sharedModel;
    if (model.source !== this._sources.get(place.cell)) {
      // The cell has changed, and what the server says of it is on its way.
      this._waiting.push(() => this.write(form, what, code, mine));
      void this._look();
      return;
    }
    if (model.source.slice(place.start, place.end) === code) {
      return;
    }
    if (mine.chosen) {
      (model as Undoer).undoManager?.stopCapturing(); // a click is a step of its own
    }
    model.updateSource(place.start, place.end, place.before + code + place.after);
    for (const it of this._forms) {
      for (const key of ['asks', 'place'] as const) {
        const other = it[key];
        if (other && other !== place && other.cell === place.cell) {
          it[key] = moved(other, place, code);
        }
      }
    }
    current[what] = moved(place, place, code);
    this._sources.set(place.cell, model.source);
    Object.assign(current, mine); // a view that is about to be drawn shows this, and not what the server said before
    this._read = ''; // also where this is undone before the server was asked, the forms are to show it
  }

  undo(cell: Cell, redo: boolean): void {
    if (!this._readOnly(cell)) {
      redo ? cell.model.sharedModel.redo() : cell.model.sharedModel.undo();
    }
  }

  private _cell(id: string): Cell | undefined {
    return this.panel.content.widgets.find(cell => cell.model.id === id);
  }

  private _readOnly(cell: Cell): boolean {
    const { model, contentsModel } = this.panel.context;
    return model.readOnly || contentsModel?.writable === false || cell.model.getMetadata('editable') === false;
  }

  /** The cells that a question may be made of. */
  private _request(): { id: string; type: string; source: string; name: string; solution: boolean }[] {
    const cells = this.panel.content.widgets.map(cell => {
      const { id, type, sharedModel } = cell.model;
      const label = (cell.model.getMetadata('nbgrader') ?? {}) as Label;
      const name = typeof label.grade_id === 'string' ? label.grade_id : '';
      return { id, type, source: sharedModel.source, name, solution: label.solution === true };
    });
    const asked = cells.flatMap(({ type, source }) =>
      type === 'code' ? [...source.matchAll(/quiz\.read\(\s*["'](\w+)/g)].map(found => found[1]) : []
    );
    return !asked.length
      ? []
      : cells.filter(({ type, source, name }) =>
          type === 'code'
            ? source.includes('quiz.read(') || asked.includes(name) || /^student\b/m.test(source) ||
              (!name && asked.some(it => source.includes(it)))
            : type === 'markdown' && source.includes('**Question `')
        );
  }

  /** Ask about the cells as they are, until an answer is about what they still are. */
  private async _look(): Promise<void> {
    if (this._asking || this.panel.isDisposed) {
      return;
    }
    this._asking = true;
    try {
      for (;;) {
        await new Promise(resolve => setTimeout(resolve, PAUSE));
        const cells = this.panel.isDisposed ? [] : this._request();
        const request = JSON.stringify(cells);
        if (request !== this._read) {
          const told = cells.length ? await ask<{ forms: Form[] }>('autograder/quiz', { cells }) : { forms: [] };
          if (this.panel.isDisposed) {
            return;
          }
          if (JSON.stringify(this._request()) !== request) {
            continue;
          }
          this._forms = told.forms;
          this._read = request;
          this._sources = new Map(cells.map(cell => [cell.id, cell.source]));
        }
        break;
      }
    } catch (reason) {
      // Without its server side the notebook looks as it does without the extension.
      console.warn(`sequence-course:quiz: ${reason}`);
      this._forms = [];
      this._read = '';
      this._waiting = [];
    } finally {
      this._asking = false;
    }
    this._show();
    this._waiting.splice(0).forEach(write => write());
  }

  private _show(): void {
    const wanted = new Set<Cell>();
    const listed = new Set<Cell>();
    const drawn = new Set<Cell>();
    for (const form of this._forms) {
      const [answer, check, text] = [form.answer, form.check, form.text].map(id => this._cell(id));
      if (!answer || !check) {
        continue;
      }
      wanted.add(answer).add(check);
      const widget = this._place(answer, () => new QuizForm(this, answer)) as QuizForm;
      widget.show_({ form, readOnly: this._readOnly(answer) });
      this._place(check, () => new CheckFold(form.name, this.trans, check));
      if (text && form.options.length) {
        listed.add(text);
      }
      if (text && form.draw_told) {
        drawn.add(text);
      }
    }
    for (const [cell, widget] of this._placed) {
      if (!wanted.has(cell) || cell.isDisposed) {
        this._placed.delete(cell);
        widget.dispose();
      }
    }
    for (const cell of this.panel.content.widgets) {
      cell.toggleClass(LISTED, listed.has(cell));
      cell.toggleClass(DRAWN, drawn.has(cell));
    }
  }

  private _place(cell: Cell, make: () => QuizForm | CheckFold): Widget {
    const found = this._placed.get(cell);
    if (found) {
      return found;
    }
    const widget = make();
    this._placed.set(cell, widget);
    void cell.ready.then(() => {
      if (!widget.isDisposed && !cell.isDisposed) {
        (cell.layout as PanelLayout).insertWidget(1, widget); // below the cell's header
      }
    });
    return widget;
  }
}
