// A sentence of the course with code and formulas in it, as the notebook would show it.
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

const TYPE = 'text/markdown';

export function Markdown({ text, rendermime }: { text: string; rendermime: IRenderMimeRegistry }): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  // A layout effect is cleaned up while the place is still in the page, as Lumino wants it.
  React.useLayoutEffect(() => {
    const renderer = rendermime.createRenderer(TYPE);
    Widget.attach(renderer, place.current!);
    void renderer.renderModel(rendermime.createModel({ data: { [TYPE]: text } }));
    return () => renderer.dispose();
  }, [text, rendermime]);
  return <div ref={place} className="sc-markdown" />;
}
