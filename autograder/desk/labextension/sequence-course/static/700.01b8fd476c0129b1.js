"use strict";(self.rspackChunksequence_course=self.rspackChunksequence_course||[]).push([[700],{22(e,r,a){var o=a(23),n=a.n(o),t=a(24),i=a.n(t),l=a(25),p=a(26),s=a(27),c=i()(n());c.i(l.A),c.i(p.A),c.i(s.A),c.push([e.id,`
`,""]),a.d(r,{},{A:c})},25(e,r,a){var o=a(23),n=a.n(o),t=a(24),i=(a.n(t))()(n());i.push([e.id,`/* The course panel: JupyterLab's own colours and sizes, so that every theme fits. */

.sc-Panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
  overflow-y: auto;
  padding: 0 12px 24px;
}

.sc-Panel h2 {
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  margin: 16px 0 4px;
}

.sc-Panel p {
  margin: 6px 0;
  overflow-wrap: anywhere;
}

.sc-Panel ol,
.sc-Panel ul {
  list-style: none;
  margin: 8px 0 0;
  padding: 0;
}

.sc-score,
.sc-note,
.sc-state,
.sc-running {
  color: var(--jp-ui-font-color2);
}

.sc-buttons,
.sc-handin {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 6px 8px;
  margin: 8px 0;
}

.sc-buttons label {
  align-items: center;
  display: flex;
  gap: 4px;
}

.sc-running {
  display: grid;
  gap: 2px;
}

.sc-Panel progress {
  accent-color: var(--jp-brand-color1);
  height: 6px;
  width: 100%;
}

.sc-fault {
  background: var(--jp-layout-color2);
  border-left: 3px solid var(--jp-error-color1);
  padding: 6px 8px;
}

/* Read aloud, not shown. */
.sc-spoken {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: pre-line;
  width: 1px;
}

.sc-exercises > li,
.sc-stages > li {
  border-top: 1px solid var(--jp-border-color2);
}

.sc-go {
  align-items: baseline;
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  display: grid;
  font: inherit;
  gap: 0 6px;
  padding: 6px 4px;
  text-align: left;
  width: 100%;
}

.sc-exercises .sc-go {
  grid-template-columns: 1.1em minmax(0, 1fr) auto;
}

.sc-stages .sc-go {
  grid-template-columns: minmax(0, 1fr) auto auto;
}

.sc-go:hover {
  background: var(--jp-layout-color2);
}

.sc-Panel :is(button, pre, input):focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -1px;
}

.sc-name {
  overflow-wrap: anywhere;
}

.sc-exercises .sc-name {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.sc-go[aria-current] .sc-name {
  font-weight: 600;
}

.sc-points {
  color: var(--jp-ui-font-color2);
  font-variant-numeric: tabular-nums;
  text-align: right;
}

.sc-state {
  font-size: var(--jp-ui-font-size0);
  grid-column: 2 / -1;
}

li[data-state='blank'] .sc-state {
  display: none;
}

.sc-stages progress {
  grid-column: 1 / -1;
}

.sc-next {
  background: var(--jp-brand-color1);
  border-radius: 8px;
  color: var(--jp-ui-inverse-font-color1);
  font-size: var(--jp-ui-font-size0);
  padding: 0 6px;
}

li[data-state='failed'] .sc-mark {
  color: var(--jp-error-color1);
}

li[data-state='done'] .sc-mark {
  color: var(--jp-success-color1);
}

li[data-state='visible'] .sc-mark,
li[data-state='changed'] .sc-mark {
  color: var(--jp-warn-color1);
}

.sc-more {
  padding: 0 4px 10px 20px;
}

.sc-Panel .sc-more pre {
  background: var(--jp-layout-color2);
  color: var(--jp-content-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: 12px;
  margin: 6px 0;
  max-height: 24em;
  overflow: auto;
  padding: 6px 8px;
  white-space: pre-wrap;
}

.sc-misconception,
.sc-hint {
  border-left: 3px solid var(--jp-brand-color2);
  margin: 6px 0;
  padding-left: 8px;
}

.sc-markdown .jp-RenderedMarkdown {
  font-size: inherit;
  line-height: inherit;
  padding: 0;
}

.sc-Panel .sc-markdown p {
  margin: 0;
}

.sc-help {
  align-items: start;
  display: flex;
  flex-direction: column;
  gap: 4px;
  margin-top: 6px;
}

.sc-link {
  background: none;
  border: 0;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  padding: 2px 0;
  text-align: left;
}

.sc-link:hover {
  text-decoration: underline;
}

/* What cells print: JupyterLab breaks a line inside a word. */
.jp-RenderedText pre {
  overflow-wrap: anywhere;
  word-break: normal;
}
`,""]),a.d(r,{},{A:i})},26(e,r,a){var o=a(23),n=a.n(o),t=a(24),i=(a.n(t))()(n());i.push([e.id,`/* Moving pictures, in JupyterLab and on the web site: the colours are those of either one's theme. */

@media screen {
  .play-still {
    display: none !important;
  }
}

.play {
  --play-ink: var(--jp-content-font-color1, var(--color-foreground-primary, #222));
  --play-faint: var(--jp-content-font-color2, var(--color-foreground-secondary, #555));
  --play-line: var(--jp-border-color2, var(--color-background-border, #ddd));
  --play-ground: var(--jp-layout-color2, var(--color-background-secondary, #f5f5f5));
  --play-blue: #3d86c6;
  --play-orange: #d0731f;
  border: 1px solid var(--play-line);
  border-radius: 6px;
  box-sizing: border-box;
  color: var(--play-ink);
  display: block;
  line-height: 1.4;
  margin: 1em 0;
  max-width: 36em;
  padding: 0.8em 1em;
}

.play svg {
  display: block;
  height: auto;
  width: 100%;
}

.play svg text {
  fill: var(--play-ink);
  font-size: 13px;
}

.play svg .play-faint {
  fill: var(--play-faint);
}

.play svg .play-strong {
  font-weight: 700;
}

.play p {
  margin: 0.4em 0;
}

.play .play-says {
  color: var(--play-faint);
  min-height: 1.4em;
}

.play .play-formula {
  font-variant-numeric: tabular-nums;
}

.play-controls {
  display: grid;
  gap: 0.3em;
}

.play-controls label {
  align-items: center;
  display: grid;
  gap: 0.6em;
  grid-template-columns: 10em minmax(0, 1fr) 4em;
}

.play-controls input {
  accent-color: var(--play-blue);
  margin: 0;
  width: 100%;
}

.play-value,
.play-number {
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
}

.play-buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5em;
}

.play button {
  background: var(--play-ground);
  border: 1px solid var(--play-line);
  border-radius: 4px;
  color: var(--play-ink);
  cursor: pointer;
  font: inherit;
  padding: 0.15em 0.9em;
}

.play button:disabled {
  cursor: default;
  opacity: 0.5;
}

.play :is(button, input):focus-visible {
  outline: 2px solid var(--play-blue);
  outline-offset: 2px;
}

.play-beside {
  display: grid;
  gap: 0 1.5em;
  grid-template-columns: repeat(auto-fit, minmax(13em, 1fr));
}

.play ul.play-bars {
  display: grid;
  gap: 0.3em 0.7em;
  grid-template-columns: max-content minmax(0, 1fr) max-content;
  list-style: none;
  margin: 0.3em 0;
  padding: 0;
}

.play .play-bars li {
  align-items: center;
  display: grid;
  grid-column: 1 / -1;
  grid-template-columns: subgrid;
  margin: 0;
  white-space: pre;
}

.play-track {
  background: var(--play-ground);
  border-radius: 3px;
  height: 0.9em;
}

.play-bar {
  background: var(--play-blue);
  border-radius: 3px;
  display: block;
  height: 100%;
  transition: width 0.15s;
}

.play-axis,
.play-grid {
  stroke: var(--play-line);
}

.play-axis {
  stroke: var(--play-faint);
}

.play-kept {
  fill: var(--play-blue);
}

.play-added {
  fill: var(--play-orange);
}

.play-sum {
  stroke: var(--play-ink);
  stroke-width: 2.5;
}

.play-out {
  fill: var(--jp-layout-color1, var(--color-background-primary, #fff));
  stroke: var(--play-ink);
  stroke-width: 1.5;
}

.play-link {
  stroke: var(--play-blue);
  stroke-linecap: round;
  opacity: 0.75;
}

.play-keys {
  display: flex;
  flex-wrap: wrap;
  gap: 0.1em 1.2em;
}

.play-key::before {
  content: '';
  display: inline-block;
  height: 0.75em;
  margin-right: 0.4em;
  width: 0.75em;
}

.play-key.play-kept::before {
  background: var(--play-blue);
}

.play-key.play-added::before {
  background: var(--play-orange);
}

.play-key.play-sum::before {
  border-top: 2.5px solid var(--play-ink);
  height: 0.2em;
}

.play-key.play-out::before {
  border: 1.5px solid var(--play-ink);
  border-radius: 50%;
  box-sizing: border-box;
}

@media (max-width: 500px) {
  .play-controls label {
    gap: 0.1em 0.6em;
    grid-template-columns: minmax(0, 1fr) auto;
  }

  .play-controls input {
    grid-column: 1 / -1;
    grid-row: 2;
  }

  .play svg text {
    font-size: 16px;
  }

  .play-tip {
    font-size: 0.8rem;
  }

  .play .play-formula,
  .play .play-says {
    min-height: 2.8em; /* two lines, so that nothing jumps */
  }
}

@media (prefers-reduced-motion: reduce) {
  .play-bar {
    transition: none;
  }

  .play-run {
    display: none;
  }
}

/* A heatmap's picture, and over it the cell that is told. */

.play-map {
  display: inline-block;
  position: relative;
}

.play-map > :is(a, img),
.play-map > a > img {
  display: block !important; /* as large as the frame around it */
}

.play-map img {
  padding: 0 !important; /* places are parts of the picture alone */
}

.play-keys-to-cells {
  inset: 0;
  pointer-events: none;
  position: absolute;
}

.play-keys-to-cells:focus-visible {
  outline: 2px solid #3d86c6;
  outline-offset: -2px; /* JupyterLab cuts off what is beyond the picture */
}

.play-cell {
  border-radius: 1px;
  box-shadow: 0 0 0 4px #fff;
  outline: 2px solid #000;
  pointer-events: none;
  position: absolute;
}

.play-tip {
  background: #1b1b1b;
  border: 1px solid #fff;
  border-radius: 5px;
  box-sizing: border-box;
  color: #fff;
  font-size: 0.95rem;
  left: 0;
  line-height: 1.35;
  max-width: 100%;
  opacity: 0;
  overflow-wrap: anywhere;
  padding: 0.2em 0.6em;
  pointer-events: none;
  position: absolute;
  top: 0;
  width: max-content;
  z-index: 1;
}

.play-told {
  opacity: 0.95;
}

.play-tip b {
  font-variant-numeric: tabular-nums;
}

.play-tip small {
  color: #ccc;
  display: block;
  font-size: 0.8em;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

@media print {
  .play,
  .play-keys-to-cells,
  .play-cell,
  .play-tip {
    display: none;
  }
}
`,""]),a.d(r,{},{A:i})},27(e,r,a){var o=a(23),n=a.n(o),t=a(24),i=(a.n(t))()(n());i.push([e.id,`/* Quiz questions to click, in the answer cell: JupyterLab's own colours and sizes, so that every theme fits. */

.sc-Quiz {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  color: var(--jp-content-font-color1);
  font-size: var(--jp-content-font-size1);
  line-height: var(--jp-content-line-height);
  margin: 2px 8px 8px calc(var(--jp-cell-prompt-width) + var(--jp-cell-collapser-width));
  min-width: 0;
  padding: 4px 12px 8px;
}

.sc-Quiz legend {
  color: var(--jp-content-font-color1);
  font-size: var(--jp-ui-font-size1);
  padding: 0 4px;
}

.sc-Quiz p {
  margin: 6px 0 0;
  overflow-wrap: anywhere;
}

.sc-quiz-options {
  display: grid;
  gap: 2px;
}

.sc-Quiz label {
  align-items: baseline;
  border-radius: var(--jp-border-radius);
  cursor: pointer;
  display: flex;
  gap: 8px;
  padding: 3px 4px;
}

.sc-quiz-options label:hover {
  background: var(--jp-layout-color2);
}

.sc-Quiz:disabled label {
  background: none;
  cursor: default;
}

.sc-Quiz label > input {
  accent-color: var(--jp-brand-color1);
  flex: none;
}

.sc-quiz-options :is(input[type='radio'], input[type='checkbox']) {
  margin: 0;
  transform: translateY(1px);
}

.sc-quiz-options .jp-RenderedMarkdown {
  padding: 0;
}

.sc-quiz-options .sc-markdown {
  min-width: 0;
}

.sc-quiz-options .jp-RenderedMarkdown > :is(p, h1, h2, h3) {
  margin: 0;
}

.sc-Quiz :is(input[type='text'], select) {
  background: var(--jp-input-background, var(--jp-layout-color1));
  border: 1px solid var(--jp-border-color0);
  border-radius: var(--jp-border-radius);
  box-sizing: border-box;
  color: inherit;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  padding: 4px 6px;
}

.sc-Quiz option {
  background: var(--jp-layout-color1);
  color: var(--jp-content-font-color1);
}

.sc-Quiz .sc-quiz-answer {
  margin-top: 6px;
  max-width: 100%;
  width: 24em;
}

.sc-quiz-id input {
  flex: 0 1 32em !important;
  min-width: 0;
}

.sc-Quiz [aria-invalid='true'] {
  border-color: var(--jp-error-color1);
}

.sc-Quiz :focus-visible,
.sc-quiz-fold:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.sc-quiz-numbers {
  font-weight: 600;
}

.sc-quiz-said {
  color: var(--jp-content-font-color2);
  font-size: var(--jp-ui-font-size1);
  min-height: 1.4em;
  white-space: pre-line;
}

.sc-quiz-said[data-state='wrong'] {
  border-left: 3px solid var(--jp-error-color1);
  color: var(--jp-content-font-color1);
  padding-left: 8px;
}

.sc-quiz-fold {
  background: none;
  border: 0;
  color: var(--jp-content-font-color2);
  cursor: pointer;
  font: inherit;
  font-size: var(--jp-ui-font-size1);
  margin-left: calc(var(--jp-cell-prompt-width) + var(--jp-cell-collapser-width));
  padding: 2px 4px;
  text-align: left;
}

.sc-quiz-folded > .jp-Cell-inputWrapper,
.sc-quiz-listed .jp-RenderedMarkdown > ul:last-of-type,
.sc-quiz-drawn .jp-RenderedMarkdown > p:nth-of-type(2) {
  display: none;
}
`,""]),a.d(r,{},{A:i})},24(e){e.exports=function(e){var r=[];return r.toString=function(){return this.map(function(r){var a="",o=void 0!==r[5];return r[4]&&(a+="@supports (".concat(r[4],") {")),r[2]&&(a+="@media ".concat(r[2]," {")),o&&(a+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),a+=e(r),o&&(a+="}"),r[2]&&(a+="}"),r[4]&&(a+="}"),a}).join("")},r.i=function(e,a,o,n,t){"string"==typeof e&&(e=[[null,e,void 0]]);var i={};if(o)for(var l=0;l<this.length;l++){var p=this[l][0];null!=p&&(i[p]=!0)}for(var s=0;s<e.length;s++){var c=[].concat(e[s]);o&&i[c[0]]||(void 0!==t&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=t),a&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=a),n&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=n):c[4]="".concat(n)),r.push(c))}},r}},23(e){e.exports=function(e){return e[1]}},16(e){var r=[];function a(e){for(var a=-1,o=0;o<r.length;o++)if(r[o].identifier===e){a=o;break}return a}function o(e,o){for(var n={},t=[],i=0;i<e.length;i++){var l=e[i],p=o.base?l[0]+o.base:l[0],s=n[p]||0,c="".concat(p," ").concat(s);n[p]=s+1;var d=a(c),u={css:l[1],media:l[2],sourceMap:l[3],supports:l[4],layer:l[5]};if(-1!==d)r[d].references++,r[d].updater(u);else{var f=function(e,r){var a=r.domAPI(r);return a.update(e),function(r){r?(r.css!==e.css||r.media!==e.media||r.sourceMap!==e.sourceMap||r.supports!==e.supports||r.layer!==e.layer)&&a.update(e=r):a.remove()}}(u,o);o.byIndex=i,r.splice(i,0,{identifier:c,updater:f,references:1})}t.push(c)}return t}e.exports=function(e,n){var t=o(e=e||[],n=n||{});return function(e){e=e||[];for(var i=0;i<t.length;i++){var l=a(t[i]);r[l].references--}for(var p=o(e,n),s=0;s<t.length;s++){var c=a(t[s]);0===r[c].references&&(r[c].updater(),r.splice(c,1))}t=p}}},18(e){var r={};e.exports=function(e,a){var o=function(e){if(void 0===r[e]){var a=document.querySelector(e);if(window.HTMLIFrameElement&&a instanceof window.HTMLIFrameElement)try{a=a.contentDocument.head}catch(e){a=null}r[e]=a}return r[e]}(e);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(a)}},20(e){e.exports=function(e){var r=document.createElement("style");return e.setAttributes(r,e.attributes),e.insert(r,e.options),r}},19(e,r,a){e.exports=function(e){var r=a.nc;r&&e.setAttribute("nonce",r)}},17(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=e.insertStyleElement(e);return{update:function(a){var o,n,t;o="",a.supports&&(o+="@supports (".concat(a.supports,") {")),a.media&&(o+="@media ".concat(a.media," {")),(n=void 0!==a.layer)&&(o+="@layer".concat(a.layer.length>0?" ".concat(a.layer):""," {")),o+=a.css,n&&(o+="}"),a.media&&(o+="}"),a.supports&&(o+="}"),(t=a.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),e.styleTagTransform(o,r,e.options)},remove:function(){var e;null===(e=r).parentNode||e.parentNode.removeChild(e)}}}},21(e){e.exports=function(e,r){if(r.styleSheet)r.styleSheet.cssText=e;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(e))}}},15(e,r,a){var o=a(16),n=a.n(o),t=a(17),i=a.n(t),l=a(18),p=a.n(l),s=a(19),c=a.n(s),d=a(20),u=a.n(d),f=a(21),y=a.n(f),m=a(22),g={};g.styleTagTransform=y(),g.setAttributes=c(),g.insert=p().bind(null,"head"),g.domAPI=i(),g.insertStyleElement=u(),n()(m.A,g),m.A&&m.A.locals&&m.A.locals}}]);