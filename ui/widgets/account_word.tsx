import { formatCount } from "../units/format.ts";
import { reasonWords, type Account } from "../client/account.ts";
import { Icon } from "../elements/icon.tsx";

type Props = {
  readonly account: Account;
  /** Leaves the reasons to what stands beside it. */
  readonly brief?: boolean;
};

/** The account in one calm or amber word, with the reasons on hover. */
export function AccountWord({ account, brief = false }: Props) {
  if (account.unexplained !== 0) {
    return (
      <span className="state bad" title="collected is not stored + in flight + dropped">
        <Icon name="cross" />
        <span className="clip">{formatCount(account.unexplained)} unexplained</span>
      </span>
    );
  }
  if (account.dropped === 0) {
    return (
      <span className="state good">
        <Icon name="check" />
        <span className="clip">all accounted for</span>
      </span>
    );
  }
  const reasons = account.reasons.map(
    ([reason, count]) => `${formatCount(count)} ${reasonWords(reason)}`,
  );
  return (
    <span className="state warn" title={`dropped: ${reasons.join(", ")}`}>
      <Icon name="warning" />
      <span className="clip">
        {brief ? `${formatCount(account.dropped)} dropped` : `dropped ${reasons.join(", ")}`}
      </span>
    </span>
  );
}
