"use strict";(self.rspackChunksequence_course=self.rspackChunksequence_course||[]).push([[700],{22(e,o,r){var n=r(23),t=r.n(n),a=r(24),i=r.n(a),s=r(25),c=r(26),p=i()(t());p.i(s.A),p.i(c.A),p.push([e.id,`
`,""]),r.d(o,{},{A:p})},25(e,o,r){var n=r(23),t=r.n(n),a=r(24),i=(r.n(a))()(t());i.push([e.id,`/* The course panel: JupyterLab's own colours and sizes, so that every theme fits. */

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
`,""]),r.d(o,{},{A:i})},26(e,o,r){var n=r(23),t=r.n(n),a=r(24),i=(r.n(a))()(t());i.push([e.id,`/* Quiz questions to click, in the answer cell: JupyterLab's own colours and sizes, so that every theme fits. */

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
.sc-quiz-drawn .jp-RenderedMarkdown > p:last-of-type {
  display: none;
}
`,""]),r.d(o,{},{A:i})},24(e){e.exports=function(e){var o=[];return o.toString=function(){return this.map(function(o){var r="",n=void 0!==o[5];return o[4]&&(r+="@supports (".concat(o[4],") {")),o[2]&&(r+="@media ".concat(o[2]," {")),n&&(r+="@layer".concat(o[5].length>0?" ".concat(o[5]):""," {")),r+=e(o),n&&(r+="}"),o[2]&&(r+="}"),o[4]&&(r+="}"),r}).join("")},o.i=function(e,r,n,t,a){"string"==typeof e&&(e=[[null,e,void 0]]);var i={};if(n)for(var s=0;s<this.length;s++){var c=this[s][0];null!=c&&(i[c]=!0)}for(var p=0;p<e.length;p++){var l=[].concat(e[p]);n&&i[l[0]]||(void 0!==a&&(void 0===l[5]||(l[1]="@layer".concat(l[5].length>0?" ".concat(l[5]):""," {").concat(l[1],"}")),l[5]=a),r&&(l[2]&&(l[1]="@media ".concat(l[2]," {").concat(l[1],"}")),l[2]=r),t&&(l[4]?(l[1]="@supports (".concat(l[4],") {").concat(l[1],"}"),l[4]=t):l[4]="".concat(t)),o.push(l))}},o}},23(e){e.exports=function(e){return e[1]}},16(e){var o=[];function r(e){for(var r=-1,n=0;n<o.length;n++)if(o[n].identifier===e){r=n;break}return r}function n(e,n){for(var t={},a=[],i=0;i<e.length;i++){var s=e[i],c=n.base?s[0]+n.base:s[0],p=t[c]||0,l="".concat(c," ").concat(p);t[c]=p+1;var d=r(l),u={css:s[1],media:s[2],sourceMap:s[3],supports:s[4],layer:s[5]};if(-1!==d)o[d].references++,o[d].updater(u);else{var f=function(e,o){var r=o.domAPI(o);return r.update(e),function(o){o?(o.css!==e.css||o.media!==e.media||o.sourceMap!==e.sourceMap||o.supports!==e.supports||o.layer!==e.layer)&&r.update(e=o):r.remove()}}(u,n);n.byIndex=i,o.splice(i,0,{identifier:l,updater:f,references:1})}a.push(l)}return a}e.exports=function(e,t){var a=n(e=e||[],t=t||{});return function(e){e=e||[];for(var i=0;i<a.length;i++){var s=r(a[i]);o[s].references--}for(var c=n(e,t),p=0;p<a.length;p++){var l=r(a[p]);0===o[l].references&&(o[l].updater(),o.splice(l,1))}a=c}}},18(e){var o={};e.exports=function(e,r){var n=function(e){if(void 0===o[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}o[e]=r}return o[e]}(e);if(!n)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");n.appendChild(r)}},20(e){e.exports=function(e){var o=document.createElement("style");return e.setAttributes(o,e.attributes),e.insert(o,e.options),o}},19(e,o,r){e.exports=function(e){var o=r.nc;o&&e.setAttribute("nonce",o)}},17(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var o=e.insertStyleElement(e);return{update:function(r){var n,t,a;n="",r.supports&&(n+="@supports (".concat(r.supports,") {")),r.media&&(n+="@media ".concat(r.media," {")),(t=void 0!==r.layer)&&(n+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),n+=r.css,t&&(n+="}"),r.media&&(n+="}"),r.supports&&(n+="}"),(a=r.sourceMap)&&"u">typeof btoa&&(n+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),e.styleTagTransform(n,o,e.options)},remove:function(){var e;null===(e=o).parentNode||e.parentNode.removeChild(e)}}}},21(e){e.exports=function(e,o){if(o.styleSheet)o.styleSheet.cssText=e;else{for(;o.firstChild;)o.removeChild(o.firstChild);o.appendChild(document.createTextNode(e))}}},15(e,o,r){var n=r(16),t=r.n(n),a=r(17),i=r.n(a),s=r(18),c=r.n(s),p=r(19),l=r.n(p),d=r(20),u=r.n(d),f=r(21),v=r.n(f),g=r(22),m={};m.styleTagTransform=v(),m.setAttributes=l(),m.insert=c().bind(null,"head"),m.domAPI=i(),m.insertStyleElement=u(),t()(g.A,m),g.A&&g.A.locals&&g.A.locals}}]);