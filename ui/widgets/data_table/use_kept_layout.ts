import { useContext, useEffect, useMemo, useState } from "react";
import { columnsParameter, KeptColumnsContext } from "../../state/kept_columns.ts";
import { arrangedText, parseArranged, type Arranged } from "./arranged.ts";
import { readWidths, writeWidths, type Widths } from "./kept_widths.ts";

/** While an edge is dragged, its width changes with each move: it is kept when it rests. */
const restMs = 200;

/**
 * What somebody arranged of a table, kept over a reload: order and hidden columns in the URL, widths in the browser. A table without
 * a name, or on a page without a URL, keeps it for as long as it stands.
 */
export function useKeptLayout(table: string | undefined) {
  const { arranged, setArranged } = useArranged(table);
  const [widths, setWidths] = useState<Widths>(() =>
    table === undefined ? {} : readWidths(table),
  );
  const [read] = useState(widths);
  useEffect(() => {
    if (table === undefined || widths === read) return;
    const timer = setTimeout(() => writeWidths(table, widths), restMs);
    return () => clearTimeout(timer);
  }, [table, widths, read]);
  return { arranged, setArranged, widths, setWidths };
}

function useArranged(table: string | undefined) {
  const url = useContext(KeptColumnsContext);
  const [own, setOwn] = useState("");
  const parameter = table === undefined ? undefined : columnsParameter(table);
  const isInUrl = url !== undefined && parameter !== undefined;
  const text = isInUrl ? (url.columns.get(parameter) ?? "") : own;
  const arranged = useMemo(() => parseArranged(text), [text]);
  const setArranged = (next: Arranged): void => {
    if (isInUrl) url.keep(parameter, arrangedText(next));
    else setOwn(arrangedText(next));
  };
  return { arranged, setArranged };
}
