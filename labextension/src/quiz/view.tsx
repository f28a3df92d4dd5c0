// The form of a question, in its answer cell; and the line that stands for its check.
import { Cell } from '@jupyterlab/cells';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Markdown } from '../panel/markdown';
import { Chosen, codeOfChoice, codeOfId, codeOfText } from './code';
import type { Form, Questions } from './questions';

interface Shown {
  form: Form;
  readOnly: boolean;
}

interface Props extends Shown {
  trans: TranslationBundle;
  rendermime: IRenderMimeRegistry;
  write: (what: 'place' | 'asks', code: string, mine: Partial<Form>) => void;
}

/** A text that is written to the notebook as it is typed; what the notebook says shows in it, but where it is the same. */
function Typed(props: {
  form: Form;
  text: string;
  code: () => string; // in the notebook
  codeOf: (text: string) => string;
  onText: (code: string, text: string) => void;
  input: React.InputHTMLAttributes<HTMLInputElement>;
}): JSX.Element {
  const { form, text, code, codeOf, onText, input } = props;
  const [mine, setMine] = React.useState(text);
  React.useLayoutEffect(() => {
    if (codeOf(mine) !== code()) {
      setMine(text);
    }
  }, [form]);
  return (
    <input
      type="text"
      autoComplete="off"
      spellCheck={false}
      value={mine}
      onChange={event => {
        setMine(event.target.value);
        onText(codeOf(event.target.value), event.target.value);
      }}
      {...input}
    />
  );
}

function Options({ form, rendermime, write }: Props): JSX.Element {
  const [chosen, setChosen] = React.useState<Chosen>(form.chosen);
  React.useLayoutEffect(() => setChosen(form.chosen), [form]);
  const group = React.useId();
  const choose = (next: Chosen) => {
    setChosen(next);
    const code = codeOfChoice(form.kind, next);
    write('place', code, { chosen: next, code });
  };
  const turn = (letter: string, on: boolean) => {
    const { [letter]: _, ...others } = form.kind === 'one' ? { [letter]: '' } : chosen;
    choose(on ? { ...others, [letter]: '' } : others);
  };
  const options = [...form.letters].map((letter, index) => {
    const words = (
      <>
        <b>{letter}.</b>
        {form.options[index] && <Markdown text={form.options[index]} rendermime={rendermime} />}
      </>
    );
    if (form.kind === 'match') {
      const number = (event: React.ChangeEvent<HTMLSelectElement>) => {
        const { [letter]: _, ...others } = chosen;
        choose(event.target.value ? { ...others, [letter]: event.target.value } : others);
      };
      return (
        <label key={letter}>
          <select value={chosen[letter] ?? ''} onChange={number}>
            <option value="">–</option>
            {form.numbers.map(each => (
              <option key={each}>{each}</option>
            ))}
          </select>
          {words}
        </label>
      );
    }
    return (
      <label key={letter}>
        <input
          type={form.kind === 'one' ? 'radio' : 'checkbox'}
          name={group}
          value={letter}
          checked={letter in chosen}
          onChange={event => turn(letter, event.target.checked)}
        />
        {words}
      </label>
    );
  });
  return <div className="sc-quiz-options">{options}</div>;
}

function Question(props: Props): JSX.Element {
  const { form, trans, write, readOnly } = props;
  const message = React.useId();
  const asks = {
    one: trans.__('Choose one'),
    several: trans.__('Choose all that are right'),
    match: trans.__('Choose a number for each letter'),
    number: trans.__('A number, or a calculation such as 3 * 4'),
    shape: trans.__('The sizes, with commas between them')
  };
  const lettered = form.letters !== '';
  const wrong = form.state === 'wrong';
  return (
    <fieldset className="sc-Quiz" disabled={readOnly || !form.place} aria-describedby={message}>
      <legend>
        <code>{form.name}</code> · {asks[form.kind]}
      </legend>
      {form.asks && (
        <label className="sc-quiz-id">
          {trans.__('Your id:')}
          <Typed
            form={form}
            text={form.student}
            code={() => codeOfId(form.student)}
            codeOf={codeOfId}
            onText={(code, student) => write('asks', code, { student })}
            input={{ placeholder: trans.__('the name under which you hand in; alone, any word'), maxLength: 60 }}
          />
        </label>
      )}
      {form.draw && (
        <p className="sc-quiz-numbers">
          {form.drawn ? trans.__('Your numbers: %1', form.drawn) : form.undrawn}
        </p>
      )}
      {lettered ? (
        <Options {...props} />
      ) : (
        <Typed
          form={form}
          text={form.typed}
          code={() => form.code}
          codeOf={text => codeOfText(form.kind, text)}
          onText={(code, typed) => write('place', code, { code, typed })}
          input={{
            'aria-label': asks[form.kind],
            'aria-invalid': wrong,
            'aria-describedby': message,
            className: 'sc-quiz-answer'
          }}
        />
      )}
      <p id={message} className="sc-quiz-said" data-state={form.state} role="status">
        {form.said}
      </p>
    </fieldset>
  );
}

export class QuizForm extends ReactWidget {
  constructor(
    private _questions: Questions,
    private _cell: Cell
  ) {
    super();
    this.node.addEventListener('keydown', event => this._key(event));
  }

  show_(shown: Shown): void {
    if (this._shown?.form !== shown.form || this._shown.readOnly !== shown.readOnly) {
      this._shown = shown;
      this._draw();
    }
  }

  protected render(): JSX.Element | null {
    const shown = this._shown;
    const { panel, trans } = this._questions;
    return (
      shown && (
        <Question
          {...shown}
          key={shown.form.name}
          trans={trans}
          rendermime={panel.content.rendermime}
          write={(what, code, mine) => this._questions.write(shown.form, what, code, mine)}
        />
      )
    );
  }

  /** Formulas are drawn in what is in the page only; what comes into it is drawn then. */
  private _draw(): void {
    if (this.isAttached) {
      this.update();
    }
  }

  /** Undo, as in the cell; Escape goes to the cell. */
  private _key(event: KeyboardEvent): void {
    const key = event.key.toLowerCase();
    const accelerated = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (accelerated && (key === 'z' || key === 'y')) {
      this._questions.undo(this._cell, key === 'y' || event.shiftKey);
    } else if (key === 'escape') {
      this._cell.node.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _shown: Shown | null = null;
}

/** The form says at once what the check says: its source is out of sight in this view, until it is wanted. */
export class CheckFold extends ReactWidget {
  constructor(
    private _name: string,
    private _trans: TranslationBundle,
    private _cell: Cell
  ) {
    super();
    this._turn(false);
  }

  dispose(): void {
    if (!this.isDisposed && !this._cell.isDisposed) {
      this._cell.removeClass('sc-quiz-folded');
    }
    super.dispose();
  }

  protected render(): JSX.Element {
    return (
      <button className="sc-quiz-fold" aria-expanded={this._open} onClick={() => this._turn(!this._open)}>
        {this._open ? '▾' : '▸'} {this._trans.__('Check of %1: locked, graded when you hand in', this._name)}
      </button>
    );
  }

  private _turn(open: boolean): void {
    this._open = open;
    this._cell.toggleClass('sc-quiz-folded', !open);
    this.update();
  }

  private _open = false;
}
