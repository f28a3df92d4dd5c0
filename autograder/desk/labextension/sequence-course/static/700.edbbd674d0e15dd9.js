"use strict";(self.rspackChunksequence_course=self.rspackChunksequence_course||[]).push([[700],{646(e,r,n){var t=n(601),o=n.n(t),a=n(314),i=n.n(a),s=n(724),c=i()(o());c.i(s.A),c.push([e.id,`
`,""]),n.d(r,{},{A:c})},724(e,r,n){var t=n(601),o=n.n(t),a=n(314),i=(n.n(a))()(o());i.push([e.id,`/* The course panel: JupyterLab's own colours and sizes, so that every theme fits. */

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
`,""]),n.d(r,{},{A:i})},314(e){e.exports=function(e){var r=[];return r.toString=function(){return this.map(function(r){var n="",t=void 0!==r[5];return r[4]&&(n+="@supports (".concat(r[4],") {")),r[2]&&(n+="@media ".concat(r[2]," {")),t&&(n+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),n+=e(r),t&&(n+="}"),r[2]&&(n+="}"),r[4]&&(n+="}"),n}).join("")},r.i=function(e,n,t,o,a){"string"==typeof e&&(e=[[null,e,void 0]]);var i={};if(t)for(var s=0;s<this.length;s++){var c=this[s][0];null!=c&&(i[c]=!0)}for(var l=0;l<e.length;l++){var p=[].concat(e[l]);t&&i[p[0]]||(void 0!==a&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=a),n&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=n),o&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=o):p[4]="".concat(o)),r.push(p))}},r}},601(e){e.exports=function(e){return e[1]}},72(e){var r=[];function n(e){for(var n=-1,t=0;t<r.length;t++)if(r[t].identifier===e){n=t;break}return n}function t(e,t){for(var o={},a=[],i=0;i<e.length;i++){var s=e[i],c=t.base?s[0]+t.base:s[0],l=o[c]||0,p="".concat(c," ").concat(l);o[c]=l+1;var u=n(p),d={css:s[1],media:s[2],sourceMap:s[3],supports:s[4],layer:s[5]};if(-1!==u)r[u].references++,r[u].updater(d);else{var f=function(e,r){var n=r.domAPI(r);return n.update(e),function(r){r?(r.css!==e.css||r.media!==e.media||r.sourceMap!==e.sourceMap||r.supports!==e.supports||r.layer!==e.layer)&&n.update(e=r):n.remove()}}(d,t);t.byIndex=i,r.splice(i,0,{identifier:p,updater:f,references:1})}a.push(p)}return a}e.exports=function(e,o){var a=t(e=e||[],o=o||{});return function(e){e=e||[];for(var i=0;i<a.length;i++){var s=n(a[i]);r[s].references--}for(var c=t(e,o),l=0;l<a.length;l++){var p=n(a[l]);0===r[p].references&&(r[p].updater(),r.splice(p,1))}a=c}}},659(e){var r={};e.exports=function(e,n){var t=function(e){if(void 0===r[e]){var n=document.querySelector(e);if(window.HTMLIFrameElement&&n instanceof window.HTMLIFrameElement)try{n=n.contentDocument.head}catch(e){n=null}r[e]=n}return r[e]}(e);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(n)}},540(e){e.exports=function(e){var r=document.createElement("style");return e.setAttributes(r,e.attributes),e.insert(r,e.options),r}},56(e,r,n){e.exports=function(e){var r=n.nc;r&&e.setAttribute("nonce",r)}},825(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=e.insertStyleElement(e);return{update:function(n){var t,o,a;t="",n.supports&&(t+="@supports (".concat(n.supports,") {")),n.media&&(t+="@media ".concat(n.media," {")),(o=void 0!==n.layer)&&(t+="@layer".concat(n.layer.length>0?" ".concat(n.layer):""," {")),t+=n.css,o&&(t+="}"),n.media&&(t+="}"),n.supports&&(t+="}"),(a=n.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),e.styleTagTransform(t,r,e.options)},remove:function(){var e;null===(e=r).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,r){if(r.styleSheet)r.styleSheet.cssText=e;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(e))}}},959(e,r,n){var t=n(72),o=n.n(t),a=n(825),i=n.n(a),s=n(659),c=n.n(s),l=n(56),p=n.n(l),u=n(540),d=n.n(u),f=n(113),v=n.n(f),g=n(646),m={};m.styleTagTransform=v(),m.setAttributes=p(),m.insert=c().bind(null,"head"),m.domAPI=i(),m.insertStyleElement=d(),o()(g.A,m),g.A&&g.A.locals&&g.A.locals}}]);