import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type PushDevice, removePush } from "../../../client/alerts/push.ts";
import { Ago } from "../../../elements/ago.tsx";
import { Button } from "../../../elements/buttons.tsx";
import { notifierKey, usePushDevices } from "../../../queries/alerts.ts";
import { useNow } from "../../../state/media.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { pushObstacle, subscribeHere } from "./subscribe_here.ts";

/** The browsers that a receiver notifies, and a button that adds this one. */
export function PushDevices({ receiver }: { readonly receiver: string }) {
  const nowMs = useNow(60_000);
  const { data, error } = usePushDevices();
  const change = useChange();
  const obstacle = pushObstacle();
  const own = data?.devices.filter((device) => device.receiver === receiver) ?? [];
  return (
    <div className="push-devices">
      {own.length > 0 && (
        <ul aria-label={`Browsers of ${receiver}`}>
          {own.map((device) => (
            <Device key={device.id} device={device} nowMs={nowMs} change={change} />
          ))}
        </ul>
      )}
      <span className="push-add">
        <Button
          disabled={change.isBusy || obstacle !== undefined}
          onClick={() => void change.run(() => subscribeHere(receiver))}
        >
          Notify this browser
        </Button>
        <span className="quiet">
          {obstacle ?? (data !== undefined && own.length === 0 ? "No browser is subscribed." : "")}
        </span>
      </span>
      {change.failure !== undefined && <ErrorText error={change.failure} what="Not changed" />}
      {error !== null && <ErrorText error={error} what="Browsers are unknown" />}
    </div>
  );
}

function Device({
  device: { id, name, service, createdMs },
  nowMs,
  change,
}: {
  readonly device: PushDevice;
  readonly nowMs: number;
  readonly change: ReturnType<typeof useChange>;
}) {
  return (
    <li>
      <strong className="clip">{name}</strong>
      <span className="quiet clip">{service}</span>
      <Ago ms={createdMs} nowMs={nowMs} />
      <Button disabled={change.isBusy} onClick={() => void change.run(() => removePush(id))}>
        Remove
      </Button>
    </li>
  );
}

/** One change at a time; the list is read again after it. */
function useChange() {
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
      await queries.invalidateQueries({ queryKey: notifierKey });
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { run, failure, isBusy };
}
