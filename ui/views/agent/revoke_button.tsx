import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { revokeAgent } from "../../client/fleet.ts";
import { ConfirmDialog, Dialog } from "../../overlays/dialog.tsx";
import { showToast } from "../../overlays/toast.ts";
import { Button } from "../../elements/buttons.tsx";
import { CopyButton } from "../../widgets/copy_button.tsx";

type Props = { readonly agent: string; readonly name: string; readonly mayChange: boolean };

/** Cuts an agent off, after it is asked with its name; or says the command that does. */
export function RevokeButton({ agent, name, mayChange }: Props) {
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const revoke = async (): Promise<void> => {
    try {
      await revokeAgent(agent);
      showToast({ state: "good", title: `${name} is revoked` });
      await queries.invalidateQueries({ queryKey: ["fleet", "enrolments"] });
    } catch (thrown) {
      showToast({ state: "bad", title: `${name} is not revoked`, detail: messageOf(thrown) });
    }
  };
  const consequence =
    `NATS cuts agent ${agent} on ${name} off at once and for good. What it sent stays; what it collects from now on ` +
    "waits on its disk and never arrives, unless it is enrolled again with a new token.";
  const command = `lapwing fleet revoke ${agent} -c lapwing.yaml`;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Revoke</Button>
      {mayChange ? (
        <ConfirmDialog
          open={isOpen}
          onOpenChange={setOpen}
          title={`Revoke ${name}`}
          text={consequence}
          verb={`Revoke ${name}`}
          danger
          onConfirm={() => void revoke()}
        />
      ) : (
        <Dialog
          open={isOpen}
          onOpenChange={setOpen}
          title={`Revoke ${name}`}
          description={`${consequence} Over HTTP nothing may be changed here (fleet.http_changes is not set): run this on the aggregator's host.`}
        >
          <div className="command">
            <pre tabIndex={0}>{command}</pre>
            <CopyButton label="Copy the command" text={command} />
          </div>
        </Dialog>
      )}
    </>
  );
}
