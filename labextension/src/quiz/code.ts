// What is chosen or typed, as the right side of the answer's assignment. No JupyterLab here.

/** A place in a cell, and what has to stand around a value there. */
export interface Place {
  cell: string;
  start: number;
  end: number;
  before: string;
  after: string;
}

export type Kind = 'one' | 'several' | 'number' | 'shape' | 'match';

/** Letters; of `match` with a number each. */
export type Chosen = Record<string, string>;

export function codeOfChoice(kind: Kind, chosen: Chosen): string {
  const letters = Object.keys(chosen).sort();
  if (!letters.length) {
    return 'None';
  }
  return kind === 'match'
    ? `{${letters.map(letter => `"${letter}": ${chosen[letter]}`).join(', ')}}`
    : `"${letters.join('')}"`;
}

/** What is typed stays as it is, right or wrong; sizes get their brackets. */
export function codeOfText(kind: Kind, typed: string): string {
  const text = typed.replace(/[\r\n]+/g, ' ').trim();
  if (!text) {
    return 'None';
  }
  if (kind !== 'shape' || !/^-?\d[\d\s_]*(,[^()[\]{}]*)?$/.test(text)) {
    return text;
  }
  const sizes = text.replace(/[,\s]+$/, '').split(',').map(size => size.trim());
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;
}

/** A text in Python's double quotes. */
export function codeOfId(id: string): string {
  const escaped = id.replace(/[\\"]/g, '\\$&').replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return `"${escaped}"`;
}

/** Where a place is, after `text` was written into another one or into itself, in the same cell. */
export function moved(place: Place, written: Place, text: string): Place {
  const by = text.length + written.before.length + written.after.length - (written.end - written.start);
  if (place === written) {
    const start = written.start + written.before.length;
    return { ...place, start, end: start + text.length, before: '', after: '' };
  }
  return place.start >= written.end ? { ...place, start: place.start + by, end: place.end + by } : place;
}
