import { Sheet } from "../../overlays/sheet.tsx";
import type { ExploreState } from "./explore_search.ts";
import { Inspector } from "./inspector.tsx";
import { Library } from "./library.tsx";
import { MetricBrowser } from "./metric_browser.tsx";
import type { Answer } from "./use_answers.ts";

/** What is open beside the page. */
export type OpenSheet =
  | { readonly kind: "metrics"; readonly ref: string }
  | { readonly kind: "inspect"; readonly ref: string }
  | { readonly kind: "library" };

type Props = {
  readonly open: OpenSheet | undefined;
  readonly onClose: () => void;
  readonly state: ExploreState;
  readonly answers: readonly Answer[];
  readonly onUse: (ref: string, expr: string) => void;
  readonly onShow: (state: ExploreState) => void;
};

const titles = {
  metrics: "Metrics",
  inspect: "What the query took",
  library: "History and saved queries",
} as const;

/** The side sheets of Explore, one at a time. */
export function Sheets({ open, onClose, state, answers, onUse, onShow }: Props) {
  const target = open !== undefined && "ref" in open ? open.ref : "A";
  return (
    <Sheet
      open={open !== undefined}
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={open === undefined ? "" : titles[open.kind]}
      size={open?.kind === "inspect" ? "wide" : "normal"}
    >
      {open?.kind === "metrics" && (
        <MetricBrowser
          onUse={(expr) => {
            onUse(state.queries.some(({ ref }) => ref === target) ? target : "A", expr);
            onClose();
          }}
        />
      )}
      {open?.kind === "inspect" && <Inspector answers={answers} first={open.ref} />}
      {open?.kind === "library" && (
        <Library
          state={state}
          onShow={(next) => {
            onShow(next);
            onClose();
          }}
        />
      )}
    </Sheet>
  );
}
