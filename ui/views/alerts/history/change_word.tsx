import { assertNever } from "#shared/assert.ts";
import type { ChangeRow } from "../../../client/alerts/alert_history.ts";
import { Icon } from "../../../elements/icon.tsx";

/** What an alert became, with its colour, an icon and the word. */
export function ChangeWord({ state }: Pick<ChangeRow, "state">) {
  switch (state) {
    case "firing":
      return (
        <span className="state bad">
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
