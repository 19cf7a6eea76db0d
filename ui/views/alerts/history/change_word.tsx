import { assertNever } from "#shared/assert.ts";
import type { ChangeRow } from "../../../client/alerts/alert_history.ts";
import { Icon } from "../../../elements/icon.tsx";

type Props = Pick<ChangeRow, "state"> & {
  /** The colour of an alert that fires, where its severity is known. */
  readonly tone?: string;
};

/** What an alert became, with its colour, an icon and the word. */
export function ChangeWord({ state, tone = "bad" }: Props) {
  switch (state) {
    case "firing":
      return (
        <span className={`state ${tone}`}>
          <Icon name="warning" />
          firing
        </span>
      );
    case "pending":
      return (
        <span className="state warn">
          <Icon name="clock" />
          pending
        </span>
      );
    case "resolved":
      return (
        <span className="state good">
          <Icon name="check" />
          resolved
        </span>
      );
    case "inactive":
      return (
        <span className="quiet" title="It was pending and has never fired">
          inactive
        </span>
      );
    default:
      return assertNever(state);
  }
}
