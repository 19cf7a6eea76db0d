import type { RuleRow } from "../../client/alerting.ts";
import { Button } from "../../elements/buttons.tsx";
import { type RuleShares, sampleShareText, shareText } from "./rule_shares.ts";

const listedMax = 10;

type Props = {
  readonly rules: readonly RuleRow[];
  readonly shares: RuleShares;
  readonly onOpen: (rule: RuleRow) => void;
};

/** Names the rules that take more than their share of all samples or of the time of evaluations. */
export function ExpensiveRules({ rules, shares, onOpen }: Props) {
  const { expensiveShare } = shares;
  const expensive = rules
    .map((rule) => ({ rule, share: shares.of(rule) }))
    .filter(({ share }) => share.isExpensive)
    .toSorted((a, b) => weight(b.share) - weight(a.share));
  if (expensiveShare === undefined || expensive.length === 0) return null;
  return (
    <section className="block" aria-label="Expensive rules">
      <h2>Expensive rules</h2>
      <p className="quiet">Over {shareText(expensiveShare)} of all samples or evaluation time:</p>
      <ul>
        {expensive.slice(0, listedMax).map(({ rule, share }) => (
          <li key={JSON.stringify([rule.file, rule.group, rule.place])}>
            <Button onClick={() => onOpen(rule)}>{rule.name}</Button>{" "}
            <span className="quiet">
              {sampleShareText(share)} of samples, {shareText(share.time)} of time
            </span>
          </li>
        ))}
      </ul>
      {expensive.length > listedMax && (
        <p className="quiet">and {expensive.length - listedMax} more</p>
      )}
    </section>
  );
}

function weight({
  time,
  samples = 0,
}: {
  readonly time: number;
  readonly samples: number | undefined;
}) {
  return Math.max(time, samples);
}
