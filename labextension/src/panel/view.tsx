// The panel as one sees it.
import { Clipboard, ReactWidget, showDialog, Dialog } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Course, Exercise, Running, Stage, View } from './api';
import { Markdown } from './markdown';
import { Model } from './model';
import { cellOf, goToCell, goToSection, hasSection } from './places';

const MARKS = { blank: '○', changed: '◐', failed: '✗', visible: '✓', done: '✓' };

const number = (value: number): string => String(Math.round(value * 100) / 100);

export class CoursePanel extends ReactWidget {
  constructor(
    private _model: Model,
    private _trans: TranslationBundle,
    private _rendermime: IRenderMimeRegistry,
    private _open: (path: string) => void,
    private _setCheckAfterSave: (value: boolean) => void
  ) {
    super();
    this.addClass('sc-Panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Course'));
    this.node.tabIndex = -1;
    this.node.style.minWidth = '300px'; // a sidebar's own is less
  }

  protected onActivateRequest(): void {
    // Later, since the command palette gives the focus back to where it was when it closes.
    setTimeout(() => (this.node.querySelector('button') ?? this.node).focus());
  }

  protected onAfterShow(): void {
    this._model.turnOn();
  }

  render(): JSX.Element {
    return (
      <UseSignal signal={this._model.changed}>
        {() => (
          <>
            {this._notebook()}
            {this._model.course && this._course(this._model.course)}
          </>
        )}
      </UseSignal>
    );
  }

  private _notebook(): JSX.Element {
    const { view, fault } = this._model;
    const trans = this._trans;
    const nothing = trans.__('No notebook of the course is open');
    const title = this._model.course?.stages.find(it => it.stage === view?.stage)?.title ?? view?.stage;
    return (
      <section className="sc-Notebook" aria-label={trans.__('This notebook')}>
        <h2>{title ?? (this._model.path && !fault ? trans.__('Reads the notebook…') : nothing)}</h2>
        {view && <p className="sc-score">{this._score(view)}</p>}
        {view && this._buttons(view)}
        {view?.running && this._running(view.running)}
        {fault && (
          <p role="alert" className="sc-fault">
            <b>{fault.place}:</b> {fault.fact} {fault.fix}
          </p>
        )}
        <div aria-live="polite" className="sc-spoken">
          {this._model.news.map(it => `${it.name}: ${this._state(it)}. ${it.misconception || it.message}`).join('\n')}
        </div>
        {view && <ol className="sc-exercises">{view.exercises.map(it => this._exercise(it, view))}</ol>}
        {view && (
          <p className="sc-note">
            {trans.__('Check runs the saved notebook from an empty start. What stands below its cells is from your own last run.')}
          </p>
        )}
        {view && !view.hidden && (
          <p className="sc-note">{trans.__('Hidden checks run when you hand in: what is passed here may still lose points there.')}</p>
        )}
        {this._handIn()}
      </section>
    );
  }

  private _score(view: View): string {
    const trans = this._trans;
    if (!view.hidden) {
      return trans.__('visible %1 of %2 checks; hidden checks run when you submit', view.passed, view.checks);
    }
    const extra = view.extra ? trans.__(' + %1 extra', number(view.extra)) : '';
    return trans.__('%1 of %2 points', number(view.score), number(view.max)) + extra;
  }

  private _buttons(view: View): JSX.Element {
    const model = this._model;
    const trans = this._trans;
    return (
      <div className="sc-buttons">
        <button className="jp-mod-styled jp-mod-accept" onClick={() => void model.check()}>
          {trans.__('Check')}
        </button>
        {view.running && (
          <button className="jp-mod-styled jp-mod-warn" onClick={() => void model.stop()} disabled={view.running.stopped}>
            {trans.__('Stop')}
          </button>
        )}
        <label>
          <input
            type="checkbox"
            checked={model.checkAfterSave}
            onChange={event => this._setCheckAfterSave(event.target.checked)}
          />
          {trans.__('after each save')}
        </label>
      </div>
    );
  }

  private _running(it: Running): JSX.Element {
    const trans = this._trans;
    const words = {
      waiting: trans.__('Waits for another check'),
      starting: trans.__('Gets ready (some seconds, once)'),
      checking: it.at ? trans.__('Runs %1', it.at) : trans.__('Checks'),
      naming: trans.__('Looks whether the mistake is a known one')
    };
    const text = it.stopped ? trans.__('Stops') : words[it.doing];
    const value = it.doing === 'checking' && it.total ? it.done : undefined;
    return (
      <div className="sc-running">
        <progress max={it.total || 1} value={value} aria-label={trans.__('Progress of the check')} />
        <span>
          {text} · {trans.__('%1 s', Math.floor(it.seconds))}
        </span>
      </div>
    );
  }

  private _state(it: Exercise): string {
    const trans = this._trans;
    switch (it.state) {
      case 'blank':
        return trans.__('not started');
      case 'changed':
        return trans.__('changed, not checked yet');
      case 'failed':
        return trans.__('fails');
      case 'visible':
        return it.quiz ? trans.__('answered') : trans.__('passes what is visible');
      case 'done':
        return trans.__('passes all');
    }
  }

  private _points(it: Exercise, view: View): string {
    const trans = this._trans;
    if (it.solution_shown) {
      return trans.__('solution shown, no points');
    }
    if (!view.hidden) {
      const part = it.quiz || it.state === 'blank' || it.state === 'changed' ? '' : `${it.passed}/${it.checks} · `;
      return part + trans._n('%1 point', '%1 points', it.max);
    }
    const points = it.max ? `${number(it.score)}/${number(it.max)}` : '';
    const extra = it.extra_max ? trans.__('extra %1/%2', number(it.extra), number(it.extra_max)) : '';
    return [points, extra].filter(Boolean).join(' + ');
  }

  private _exercise(it: Exercise, view: View): JSX.Element {
    const model = this._model;
    const panel = model.panel!;
    const trans = this._trans;
    const state = this._state(it);
    const points = this._points(it, view);
    return (
      <li key={it.name} data-state={it.state} data-exercise={it.name}>
        <button
          className="sc-go"
          onClick={() => void goToCell(panel, cellOf(panel, it.name))}
          aria-current={view.next === it.name ? 'step' : undefined}
          aria-label={trans.__('%1: %2, %3. Go to its cell', it.name, state, points)}
        >
          <span className="sc-mark" aria-hidden="true">
            {MARKS[it.state]}
          </span>
          <span className="sc-name">{it.name}</span>
          <span className="sc-points">{points}</span>
          <span className="sc-state">{state}</span>
        </button>
        {(it.message || it.solution_shown || it.state === 'failed') && this._more(it, view)}
      </li>
    );
  }

  private _more(it: Exercise, view: View): JSX.Element {
    const model = this._model;
    const panel = model.panel!;
    const trans = this._trans;
    const solution = model.solutions.get(`${view.path}\n${it.name}`);
    const told = hasSection(panel, it.section) && it.state === 'failed';
    return (
      <div className="sc-more">
        {it.misconception && (
          <div className="sc-misconception">
            <b>{trans.__('Probably:')}</b> <Markdown text={it.misconception} rendermime={this._rendermime} />
          </div>
        )}
        {it.message && (
          <pre tabIndex={0} aria-label={trans.__('What the check of %1 says', it.name)}>
            {it.message}
          </pre>
        )}
        {it.likely_cause && (
          <p>
            <b>{trans.__('Likely cause:')}</b> {it.likely_cause}
          </p>
        )}
        {it.mend_first.length > 0 && (
          <p>
            <b>{trans.__('Mend first:')}</b> {it.mend_first.join(', ')}
          </p>
        )}
        {it.also_failing.length > 0 && (
          <p>
            <b>{trans.__('Also fails:')}</b> {it.also_failing.join(', ')}
          </p>
        )}
        {it.carried_forward > 0 && (
          <p>{trans.__('%1 of its points are yours: with what it builds on put right, these checks pass.', number(it.carried_forward))}</p>
        )}
        {it.state === 'failed' && !it.message && <p>{trans.__('Check once more to see what it says.')}</p>}
        {it.hints.map((hint, index) => (
          <div key={index} className="sc-hint">
            <b>{trans.__('Hint %1:', index + 1)}</b> <Markdown text={hint} rendermime={this._rendermime} />
          </div>
        ))}
        <div className="sc-help">
          {it.more_hints > 0 && (
            <button className="sc-link" onClick={event => void this._hint(it, event.currentTarget.closest('li')!)}>
              {trans.__('Next hint (%1 of %2)', it.hints.length + 1, it.hints.length + it.more_hints)}
            </button>
          )}
          {told && (
            <button className="sc-link" onClick={() => void goToSection(panel, it.section)}>
              {trans.__('Read again: %1', it.section)}
            </button>
          )}
          {it.way_past && !solution && (
            <button className="sc-link" onClick={() => void this._giveUp(it)}>
              {it.way_past === 'reference' ? trans.__('Go on with the reference…') : trans.__('Show me the solution…')}
            </button>
          )}
        </div>
        {solution && (
          <div className="sc-solution">
            <p>
              <b>{trans.__('One solution:')}</b>{' '}
              <button className="sc-link" onClick={() => Clipboard.copyToSystem(solution)}>
                {trans.__('Copy')}
              </button>
            </p>
            <pre tabIndex={0}>{solution}</pre>
          </div>
        )}
      </div>
    );
  }

  private async _hint(it: Exercise, place: HTMLElement): Promise<void> {
    await this._model.hint(it.name);
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) {
        place.querySelector<HTMLElement>('.sc-help button, .sc-go')?.focus(); // the last hint takes its button with it
      }
    });
  }

  private async _giveUp(it: Exercise): Promise<void> {
    const trans = this._trans;
    if (!it.solution_shown) {
      const points = number(it.max + it.extra_max);
      const cost = trans._n('It costs the %1 point of this exercise.', 'It costs the %1 points of this exercise.', Number(points));
      const how =
        it.way_past === 'reference'
          ? trans.__('A cell below yours takes the reference of the course, so you can go on with what builds on it.')
          : trans.__('You can copy it and go on with what builds on it.');
      const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Show it') })];
      const title = trans.__('The solution of %1?', it.name);
      const asked = await showDialog({ title, body: `${cost} ${how}`, buttons });
      if (!asked.button.accept) {
        return;
      }
    }
    await this._model.solution(it.name);
  }

  private _handIn(): JSX.Element | null {
    const it = this._model.handIn;
    const trans = this._trans;
    if (!it) {
      return null;
    }
    return (
      <div className="sc-handin">
        <button className="jp-mod-styled" onClick={() => void this._submit()}>
          {trans.__('Hand in')}
        </button>
        <span role="status">
          {it.times.length > 0 && trans.__('Handed in: %1', it.times[it.times.length - 1].slice(0, 16))}
        </span>
      </div>
    );
  }

  private async _submit(): Promise<void> {
    const trans = this._trans;
    const title = trans.__('Hand in %1?', this._model.handIn?.assignment ?? '');
    const body = trans.__('The notebook as it is now is saved and handed in. You can hand in again; the last one counts.');
    const buttons = [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Hand in') })];
    if ((await showDialog({ title, body, buttons })).button.accept) {
      await this._model.submit();
    }
  }

  private _course(course: Course): JSX.Element {
    const trans = this._trans;
    return (
      <section className="sc-Course" aria-label={trans.__('The course at a glance')}>
        <h2>{trans.__('The course')}</h2>
        <ul className="sc-stages">{course.stages.map(it => this._stage(it, course.next === it.stage))}</ul>
      </section>
    );
  }

  private _stage(it: Stage, next: boolean): JSX.Element {
    const trans = this._trans;
    const extra = it.extra ? ` +${number(it.extra)}` : '';
    const points = !it.when
      ? trans._n('%1 point', '%1 points', it.points)
      : it.hidden
        ? `${number(it.score)}/${number(it.points)}${extra}`
        : trans.__('visible %1/%2', it.passed, it.checks);
    const told = it.when && it.hidden ? trans.__('%1 of %2 points', number(it.score), number(it.points)) : points;
    const done = trans.__('%1 of %2 exercises', it.done, it.exercises);
    const here = it.stage === this._model.view?.stage;
    const changed = it.changed ? trans.__('changed since its check') : '';
    const label = [it.title, done, told, changed, next ? trans.__('next') : ''].filter(Boolean).join(', ');
    return (
      <li key={it.stage} data-stage={it.stage}>
        <button className="sc-go" aria-current={here ? 'page' : undefined} aria-label={label} onClick={() => this._open(it.path)}>
          <span className="sc-name">{it.title}</span>
          {next && <span className="sc-next">{trans.__('next')}</span>}
          <span className="sc-points">
            {points}
            {it.changed && <span title={changed}> · {trans.__('changed')}</span>}
          </span>
          <progress max={it.exercises || 1} value={it.done} aria-hidden="true" />
        </button>
      </li>
    );
  }
}
