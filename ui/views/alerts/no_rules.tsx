import { useNavigate } from "@tanstack/react-router";
import { Button } from "../../elements/buttons.tsx";
import { Empty } from "../../widgets/picture.tsx";

/** Where rules would be: how they come. */
export function NoRules() {
  return (
    <Empty title="No rules yet">
      Create one here, or name files of Prometheus's or Loki's rules under <code>rules.files</code>{" "}
      in lapwing.yaml and reload the configuration. Integrations, such as nginx, PostgreSQL and
      Redis, and probes bring rules of their own when an agent watches such a service, unless{" "}
      <code>rules.integrations</code> switches them off.
    </Empty>
  );
}

/** Opens the editor of rules. */
export function NewRule() {
  const navigate = useNavigate();
  return (
    <Button kind="primary" icon="plus" onClick={() => void navigate({ to: "/alerts/rule" })}>
      New rule
    </Button>
  );
}
