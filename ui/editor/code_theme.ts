import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Extension } from "@codemirror/state";

/** The interface's own custom properties, so that an open editor follows the theme. No image: the page's policy allows none. */
const frame = EditorView.theme({
  "&": {
    color: "var(--text)",
    backgroundColor: "var(--page)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    fontSize: "13px",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { padding: "5px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 8px" },
  ".cm-placeholder": { color: "var(--text-quiet)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-variable": { color: "var(--warn)" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--accent-soft)",
    outline: "1px solid var(--accent)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-soft)" },
  ".cm-gutters": {
    backgroundColor: "var(--rail)",
    color: "var(--text-quiet)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-lintRange": { backgroundImage: "none" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    backgroundColor: "var(--bad-soft)",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--warn)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintPoint::after": { display: "none" },
  ".cm-diagnostic": { padding: "6px 8px", maxWidth: "480px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn)" },
});

const overlays = EditorView.theme({
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    boxShadow: "var(--shadow)",
    maxWidth: "min(640px, 94vw)",
    overflow: "hidden",
    zIndex: "50",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "13px",
    maxHeight: "288px",
    maxWidth: "min(640px, 94vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    display: "flex",
    gap: "12px",
    alignItems: "center",
    minHeight: "26px",
    padding: "2px 8px",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--text)",
    backgroundColor: "var(--accent-soft)",
  },
  ".cm-completionLabel": {
    flex: "1",
    minWidth: "0",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
  },
  ".cm-completionMatchedText": {
    textDecoration: "none",
    color: "var(--accent)",
    fontWeight: "600",
  },
  ".cm-completionDetail": {
    color: "var(--text-quiet)",
    fontFamily: "var(--sans)",
    fontStyle: "normal",
    fontSize: "12px",
    marginLeft: "auto",
  },
  ".cm-tooltip.cm-completionInfo": {
    padding: "8px",
    maxWidth: "min(360px, 94vw)",
    fontSize: "13px",
    lineHeight: "18px",
  },
});

/** A finger needs room, and under 16 px a phone zooms into what it focuses. */
const touch = EditorView.theme({
  "@media (max-width: 700px)": {
    "&": { fontSize: "16px" },
    ".cm-content": { padding: "9px 0" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { minHeight: "40px" },
    ".cm-completionInfo": { display: "none" },
  },
});

const words = HighlightStyle.define([
  { tag: tags.comment, color: "var(--text-quiet)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.literal, tags.bool, tags.null], color: "var(--warn)" },
  {
    tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword],
    color: "var(--level-debug)",
  },
  { tag: [tags.function(tags.variableName), tags.standard(tags.name)], color: "var(--accent)" },
  { tag: [tags.labelName, tags.propertyName, tags.attributeName], color: "var(--accent)" },
  { tag: [tags.operator, tags.punctuation, tags.bracket], color: "var(--text-quiet)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

/** How every editor looks: of the page's tokens alone, in either theme. */
export const codeTheme: Extension = [frame, overlays, touch, syntaxHighlighting(words)];
