import { type Extension, Prec } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";

const matcher = new MatchDecorator({
  regexp: /\$(?:\w+|\{[\w:.]+\})/g,
  decoration: Decoration.mark({ class: "cm-variable" }),
});

/**
 * Marks `$name` and `${name}`, which are filled in before a query is sent: to the grammar the sign is a fault. Of the highest
 * precedence, for that makes the inner element, whose colour is seen.
 */
export const variableMarks: Extension = Prec.highest(
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;

      constructor(view: EditorView) {
        this.decorations = matcher.createDeco(view);
      }

      update(update: ViewUpdate): void {
        this.decorations = matcher.updateDeco(update, this.decorations);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  ),
);
