// Places in the open notebook, and the way to them.
import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';

interface Label {
  grade_id?: string;
  solution?: boolean;
}

const label = (cell: Cell): Label => (cell.model.getMetadata('nbgrader') ?? {}) as Label;

export const isGraded = (panel: NotebookPanel): boolean =>
  panel.content.widgets.some(cell => label(cell).grade_id !== undefined);

export const cellOf = (panel: NotebookPanel, exercise: string): number =>
  panel.content.widgets.findIndex(cell => label(cell).solution && label(cell).grade_id === exercise);

/** Show a cell and make it the active one. */
export async function goToCell(panel: NotebookPanel, index: number): Promise<void> {
  if (index < 0) {
    return;
  }
  panel.content.deselectAll();
  panel.content.activeCellIndex = index;
  await panel.content.scrollToItem(index, 'start');
  panel.content.activate();
}

/** The cell with this heading, and the heading's whole text: `4.1` or `4.1 A title`. */
function heading(panel: NotebookPanel, section: string): [number, string] | null {
  const number = /^\d[\d.]*$/.test(section);
  for (const [index, cell] of panel.content.widgets.entries()) {
    if (cell.model.type === 'markdown') {
      for (const [, text] of cell.model.sharedModel.source.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
        if (text === section || (number && text.split(/[ :·]/)[0].replace(/\.$/, '') === section)) {
          return [index, text];
        }
      }
    }
  }
  return null;
}

export const hasSection = (panel: NotebookPanel, section: string): boolean => heading(panel, section) !== null;

export async function goToSection(panel: NotebookPanel, section: string): Promise<void> {
  const found = heading(panel, section);
  if (found) {
    await goToCell(panel, found[0]);
    const plain = (text: string) => text.replace(/[`*_$\\¶]/g, '').trim();
    const headings = panel.content.widgets[found[0]].node.querySelectorAll('h1, h2, h3, h4, h5, h6');
    const shown = [...headings].find(node => plain(node.textContent ?? '').startsWith(plain(found[1]).slice(0, 12)));
    shown?.scrollIntoView({ block: 'start' });
  }
}
