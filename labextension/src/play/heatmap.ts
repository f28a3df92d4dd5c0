// The picture of a heatmap says at the pointer, or at the cell that the arrow keys went to, its words and its number.
import { element } from './parts';

export const HEATMAPS = 'application/vnd.sequence-course.heatmap+json'; // as autograder.lab.kernel gives it

interface Heatmap {
  place: number[]; // left, top, width, height, in parts of the picture; negative where an axis runs the other way
  title: string;
  row: string; // what the rows are
  column: string;
  rows: string[];
  columns: string[];
  values: string[][];
}

type Cell = [map: number, row: number, column: number];

/** The heatmaps in data that may come from anybody's notebook; what has not the right form is left out. */
function read(data: any): Heatmap[] {
  const texts = (list: any) => Array.isArray(list) && list.length > 0 && list.every(it => typeof it === 'string');
  return (Array.isArray(data?.maps) ? data.maps : []).flatMap((map: any) => {
    if (!texts(map?.rows) || !texts(map.columns) || !texts(map.values) || !Array.isArray(map.place)) return [];
    const values: string[][] = map.values.map((row: string) => row.split(' '));
    const fits =
      values.length === map.rows.length &&
      values.every(row => row.length === map.columns.length) &&
      map.place.length === 4 &&
      map.place.every(Number.isFinite);
    return fits ? [{ ...map, values }] : [];
  });
}

function described(maps: Heatmap[]): string {
  const one = ({ title, row, column, rows, columns }: Heatmap) =>
    `${title || 'heatmap'}: ${rows.length} rows${row && ` (${row})`}, ${columns.length} columns${column && ` (${column})`}`;
  return maps.map(one).join('; ');
}

/** Let a picture tell its cells. It stays what it is: an image, of the same size. */
export function tell(image: HTMLImageElement, data: unknown): void {
  const maps = read(data);
  if (!maps.length) return;
  image.alt ||= described(maps);
  const frame = element('div', { class: 'play-cell', 'aria-hidden': 'true', hidden: '' });
  // Text nodes that stay: JupyterLab's pictures are looked for whenever nodes come or go.
  const [words, number, names] = [new Text(), new Text(), new Text()];
  const tip = element(
    'div',
    { class: 'play-tip' },
    element('div', { role: 'status' }, words, element('b', {}, number)),
    element('small', { 'aria-hidden': 'true' }, names) // the name of what has the focus says it once
  );
  // It lies over the picture and lets the pointer through, so that clicks and menus find the image.
  const keys = element('div', {
    class: 'play-keys-to-cells',
    tabindex: 0,
    role: 'application',
    'aria-roledescription': 'heatmap',
    'aria-label': `${described(maps)}. Arrow keys go from cell to cell.`
  });
  const still = image.closest('a') ?? image;
  const place = element('div', { class: 'play-map' });
  still.replaceWith(place);
  place.append(still, keys, frame, tip);

  let at: Cell = [0, 0, 0];
  const hide = () => {
    frame.hidden = true;
    tip.classList.remove('play-told');
    words.data = number.data = names.data = '';
    document.removeEventListener('pointerdown', away, true);
  };
  const away = (event: Event) => {
    if (!place.contains(event.target as Node)) hide();
  };
  const show = (cell: Cell) => {
    const [m, i, j] = (at = cell);
    const { place: box, row, column, rows, columns, values } = maps[m];
    const [width, height] = [box[2] / columns.length, box[3] / rows.length];
    const [left, top] = [box[0] + width * (j + (width < 0 ? 1 : 0)), box[1] + height * (i + (height < 0 ? 1 : 0))];
    const [w, h] = [Math.abs(width), Math.abs(height)];
    Object.assign(frame.style, { left: part(left), top: part(top), width: part(w), height: part(h) });
    frame.hidden = false;
    const said = [rows[i], columns[j]].filter(Boolean).join(' → ');
    words.data = said && `${said}: `;
    number.data = values[i][j].replace('-', '−').replace(/^nan$/, 'not a number').replace('inf', '∞');
    names.data = row || column ? `${row || 'row'} → ${column || 'column'}` : '';
    tip.classList.add('play-told');
    // Above the cell, or below it where there is no room; never beyond the picture's sides.
    const [W, H] = [place.clientWidth, place.clientHeight];
    const x = (left + w / 2) * W - tip.offsetWidth / 2;
    const above = top * H - tip.offsetHeight - GAP;
    const below = (top + h) * H + GAP;
    const y = above >= 0 ? above : below + tip.offsetHeight <= H ? below : 0;
    tip.style.left = `${Math.max(0, Math.min(x, W - tip.offsetWidth))}px`;
    tip.style.top = `${y}px`;
  };

  const under = (event: MouseEvent): Cell | null => {
    const picture = image.getBoundingClientRect();
    const x = (event.clientX - picture.left) / picture.width;
    const y = (event.clientY - picture.top) / picture.height;
    for (const [m, { place: box, rows, columns }] of maps.entries()) {
      const i = Math.floor(((y - box[1]) / box[3]) * rows.length);
      const j = Math.floor(((x - box[0]) / box[2]) * columns.length);
      if (i >= 0 && i < rows.length && j >= 0 && j < columns.length) return [m, i, j];
    }
    return null;
  };
  let touched = false;
  const point = (event: PointerEvent) => {
    touched = event.pointerType === 'touch';
    const cell = under(event);
    if (!cell) return hide();
    if (frame.hidden || cell.some((part, n) => part !== at[n])) show(cell);
    if (touched) document.addEventListener('pointerdown', away, true);
  };
  place.addEventListener('pointermove', point);
  place.addEventListener('pointerdown', point);
  place.addEventListener('pointerleave', event => event.pointerType !== 'touch' && hide()); // a finger leaves at once
  place.addEventListener('click', event => touched && still !== image && under(event) && event.preventDefault(), true);

  keys.addEventListener('focus', () => show(at));
  keys.addEventListener('blur', hide);
  keys.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const next = event.key === 'Escape' ? null : moved(maps, at, event.key);
    if (next === undefined) return;
    // JupyterLab would go to another cell of the notebook, and a page would scroll.
    event.preventDefault();
    event.stopPropagation();
    if (next) show(next);
    else hide();
  });
}

const GAP = 6; // pixels

const part = (share: number) => `${100 * share}%`;

/** The cell to which a key goes; beyond an edge, that of the map before or after. */
function moved(maps: Heatmap[], [m, i, j]: Cell, key: string): Cell | undefined {
  const [rows, columns] = [maps[m].rows.length, maps[m].columns.length];
  const other = (to: number, edge: (map: Heatmap) => [number, number]): Cell => {
    if (!maps[to]) return [m, i, j];
    const [row, column] = edge(maps[to]);
    return [to, Math.min(row, maps[to].rows.length - 1), Math.min(column, maps[to].columns.length - 1)];
  };
  switch (key) {
    case 'ArrowRight':
      return j + 1 < columns ? [m, i, j + 1] : other(m + 1, () => [i, 0]);
    case 'ArrowLeft':
      return j > 0 ? [m, i, j - 1] : other(m - 1, map => [i, map.columns.length - 1]);
    case 'ArrowDown':
      return i + 1 < rows ? [m, i + 1, j] : other(m + 1, () => [0, j]);
    case 'ArrowUp':
      return i > 0 ? [m, i - 1, j] : other(m - 1, map => [map.rows.length - 1, j]);
    case 'Home':
      return [m, i, 0];
    case 'End':
      return [m, i, columns - 1];
  }
  return undefined;
}
