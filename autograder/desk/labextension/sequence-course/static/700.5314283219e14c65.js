"use strict";(self.rspackChunksequence_course=self.rspackChunksequence_course||[]).push([[700],{646(e,r,t){var o=t(601),n=t.n(o),a=t(314),s=t.n(a),i=t(724),c=s()(n());c.i(i.A),c.push([e.id,`
`,""]),t.d(r,{},{A:c})},724(e,r,t){var o=t(601),n=t.n(o),a=t(314),s=(t.n(a))()(n());s.push([e.id,`/* The course panel: JupyterLab's own colours and sizes, so that every theme fits. */

.sc-Panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
  min-width: 300px;
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

.sc-more pre {
  background: var(--jp-layout-color2);
  color: var(--jp-content-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  margin: 6px 0;
  max-height: 24em;
  overflow: auto;
  padding: 6px 8px;
  white-space: pre-wrap;
}

.sc-misconception,
.sc-hint {
  border-left: 3px solid var(--jp-brand-color2);
  padding-left: 8px;
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
`,""]),t.d(r,{},{A:s})},314(e){e.exports=function(e){var r=[];return r.toString=function(){return this.map(function(r){var t="",o=void 0!==r[5];return r[4]&&(t+="@supports (".concat(r[4],") {")),r[2]&&(t+="@media ".concat(r[2]," {")),o&&(t+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),t+=e(r),o&&(t+="}"),r[2]&&(t+="}"),r[4]&&(t+="}"),t}).join("")},r.i=function(e,t,o,n,a){"string"==typeof e&&(e=[[null,e,void 0]]);var s={};if(o)for(var i=0;i<this.length;i++){var c=this[i][0];null!=c&&(s[c]=!0)}for(var l=0;l<e.length;l++){var p=[].concat(e[l]);o&&s[p[0]]||(void 0!==a&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=a),t&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=t),n&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=n):p[4]="".concat(n)),r.push(p))}},r}},601(e){e.exports=function(e){return e[1]}},72(e){var r=[];function t(e){for(var t=-1,o=0;o<r.length;o++)if(r[o].identifier===e){t=o;break}return t}function o(e,o){for(var n={},a=[],s=0;s<e.length;s++){var i=e[s],c=o.base?i[0]+o.base:i[0],l=n[c]||0,p="".concat(c," ").concat(l);n[c]=l+1;var u=t(p),d={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==u)r[u].references++,r[u].updater(d);else{var f=function(e,r){var t=r.domAPI(r);return t.update(e),function(r){r?(r.css!==e.css||r.media!==e.media||r.sourceMap!==e.sourceMap||r.supports!==e.supports||r.layer!==e.layer)&&t.update(e=r):t.remove()}}(d,o);o.byIndex=s,r.splice(s,0,{identifier:p,updater:f,references:1})}a.push(p)}return a}e.exports=function(e,n){var a=o(e=e||[],n=n||{});return function(e){e=e||[];for(var s=0;s<a.length;s++){var i=t(a[s]);r[i].references--}for(var c=o(e,n),l=0;l<a.length;l++){var p=t(a[l]);0===r[p].references&&(r[p].updater(),r.splice(p,1))}a=c}}},659(e){var r={};e.exports=function(e,t){var o=function(e){if(void 0===r[e]){var t=document.querySelector(e);if(window.HTMLIFrameElement&&t instanceof window.HTMLIFrameElement)try{t=t.contentDocument.head}catch(e){t=null}r[e]=t}return r[e]}(e);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(t)}},540(e){e.exports=function(e){var r=document.createElement("style");return e.setAttributes(r,e.attributes),e.insert(r,e.options),r}},56(e,r,t){e.exports=function(e){var r=t.nc;r&&e.setAttribute("nonce",r)}},825(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=e.insertStyleElement(e);return{update:function(t){var o,n,a;o="",t.supports&&(o+="@supports (".concat(t.supports,") {")),t.media&&(o+="@media ".concat(t.media," {")),(n=void 0!==t.layer)&&(o+="@layer".concat(t.layer.length>0?" ".concat(t.layer):""," {")),o+=t.css,n&&(o+="}"),t.media&&(o+="}"),t.supports&&(o+="}"),(a=t.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),e.styleTagTransform(o,r,e.options)},remove:function(){var e;null===(e=r).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,r){if(r.styleSheet)r.styleSheet.cssText=e;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(e))}}},959(e,r,t){var o=t(72),n=t.n(o),a=t(825),s=t.n(a),i=t(659),c=t.n(i),l=t(56),p=t.n(l),u=t(540),d=t.n(u),f=t(113),v=t.n(f),g=t(646),m={};m.styleTagTransform=v(),m.setAttributes=p(),m.insert=c().bind(null,"head"),m.domAPI=s(),m.insertStyleElement=d(),n()(g.A,m),g.A&&g.A.locals&&g.A.locals}}]);