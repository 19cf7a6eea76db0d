import type { CompletionSource } from "@codemirror/autocomplete";
import { LanguageSupport, LRLanguage } from "@codemirror/language";
import { parser } from "@grafana/lezer-logql";
import { styleTags, tags } from "@lezer/highlight";
import type { Extension } from "@codemirror/state";

const language = LRLanguage.define({
  name: "logql",
  parser: parser.configure({
    props: [
      styleTags({
        Identifier: tags.labelName,
        LabelName: tags.labelName,
        String: tags.string,
        "Number LiteralExpr Duration Bytes": tags.number,
        LineComment: tags.comment,
        "Json Logfmt Unpack Pattern Regexp Decolorize Drop Keep LineFormat LabelFormat Unwrap":
          tags.keyword,
        "By Without On Ignoring GroupLeft GroupRight Bool Offset And Or Unless": tags.modifier,
        "RangeOp/... VectorOp/... LabelReplace Vector ConvOp/... Ip": tags.function(
          tags.variableName,
        ),
        "Eq Neq Re Nre Gtr Gte Lss Lte Eql Add Sub Mul Div Mod Pow": tags.operator,
        "PipeExact PipeMatch PipePattern Npa Pipe": tags.operator,
        "( )": tags.paren,
        "[ ]": tags.squareBracket,
        "{ }": tags.brace,
      }),
    ],
  }),
  languageData: {
    closeBrackets: { brackets: ["(", "[", "{", '"', "`"] },
    commentTokens: { line: "#" },
  },
});

/** Colours of LogQL, and completion by this source. */
export function logqlLanguage(complete: CompletionSource): Extension {
  return new LanguageSupport(language, language.data.of({ autocomplete: complete }));
}
