import { reasonWords, type Account } from "../../client/account.ts";

export type FlowEnd = {
  readonly key: string;
  readonly name: string;
  readonly count: number;
  readonly kind: "stored" | "in_flight" | "dropped" | "unexplained";
  /** Pixels: the part of the left block that flows here, and the block that it flows to. */
  readonly left: { readonly y: number; readonly height: number };
  readonly right: { readonly y: number; readonly height: number };
  /** Where the words stand. */
  readonly textY: number;
};

export type Flow = {
  readonly height: number;
  readonly leftHeight: number;
  readonly ends: readonly FlowEnd[];
};

const leftPx = 96;
/** A count of one in a million must still be seen. */
const thinPx = 2;
const textPx = 24;
const gapPx = 6;
const reasonsMax = 5;

/** Where the collected items went, as blocks whose heights are the counts. The parts of the left block add up to it. */
export function flowLayout(account: Account): Flow {
  const parts = partsOf(account);
  const raw = parts.map(({ count }) =>
    count <= 0 ? 0 : Math.max(thinPx, (count / Math.max(1, account.collected)) * leftPx),
  );
  const total = raw.reduce((sum, height) => sum + height, 0);
  let leftY = 0;
  let rightY = 0;
  const ends = parts.map((part, i): FlowEnd => {
    const height = total === 0 ? 0 : ((raw[i] ?? 0) / total) * leftPx;
    const slot = Math.max(height, textPx);
    const end = {
      ...part,
      left: { y: leftY, height },
      right: { y: rightY + (slot - height) / 2, height },
      textY: rightY + slot / 2,
    };
    leftY += height;
    rightY += slot + gapPx;
    return end;
  });
  return { height: Math.max(leftPx, rightY - gapPx), leftHeight: leftPx, ends };
}

function partsOf(account: Account): Pick<FlowEnd, "key" | "name" | "count" | "kind">[] {
  const shown = account.reasons.slice(0, reasonsMax);
  const others = account.reasons.slice(reasonsMax).reduce((sum, [, count]) => sum + count, 0);
  return [
    { key: "stored", name: "stored", count: account.stored, kind: "stored" as const },
    { key: "in_flight", name: "in flight", count: account.inFlight, kind: "in_flight" as const },
    ...(shown.length === 0
      ? [{ key: "dropped", name: "dropped", count: 0, kind: "dropped" as const }]
      : shown.map(([reason, count]) => ({
          key: `dropped ${reason}`,
          name: `dropped: ${reasonWords(reason)}`,
          count,
          kind: "dropped" as const,
        }))),
    ...(others > 0
      ? [{ key: "others", name: "dropped: other reasons", count: others, kind: "dropped" as const }]
      : []),
    ...(account.unexplained === 0
      ? []
      : [
          {
            key: "unexplained",
            name: "unexplained",
            count: account.unexplained,
            kind: "unexplained" as const,
          },
        ]),
  ];
}
