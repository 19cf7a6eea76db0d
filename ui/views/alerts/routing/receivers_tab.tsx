import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  testReceiver,
  type IntegrationRow,
  type ReceiverRow,
  type TestOutcome,
} from "../../../client/routing.ts";
import { Ago } from "../../../elements/ago.tsx";
import { Button } from "../../../elements/buttons.tsx";
import { InnerLink } from "../../../elements/inner_link.tsx";
import { notifierKey, useReceivers } from "../../../queries/alerts.ts";
import { usePageRange } from "../../../state/page_range.ts";
import { useNow } from "../../../state/media.ts";
import { stringifySearch } from "../../../state/url.ts";
import { formatCount } from "../../../units/format.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { OutcomeWord } from "../outcome_word.tsx";
import { PushDevices } from "../push/push_devices.tsx";

/** Whom notifications go to: each receiver with its integrations, what became of the last notification, and a test. */
export function ReceiversTab() {
  const { intervalMs } = usePageRange();
  const query = useReceivers(intervalMs);
  return (
    <Picture query={query} skeleton={<Skeleton rows={6} height={48} />}>
      {({ receivers, fault }) => (
        <>
          <div className="toolbar">
            <RefreshCorner query={query} />
            {fault !== "" && (
              <Corner state="partial" detail={fault}>
                the configuration file has mistakes, the one of before is in force: {fault}
              </Corner>
            )}
          </div>
          {receivers.length === 0 ? (
            <Empty title="No receivers">
              Name Alertmanager's configuration file under <code>alertmanager.config_file</code> in
              lapwing.yaml.
            </Empty>
          ) : (
            <ul className="receivers" aria-label="Receivers">
              {receivers.map((receiver) => (
                <Receiver key={receiver.name} receiver={receiver} />
              ))}
            </ul>
          )}
        </>
      )}
    </Picture>
  );
}

function Receiver({ receiver: { name, integrations } }: { readonly receiver: ReceiverRow }) {
  return (
    <li className="receiver">
      <div className="receiver-head">
        <strong className="clip">{name}</strong>
        <InnerLink className="link" to={`/alerts${stringifySearch({ receiver: name })}`}>
          Its alerts
        </InnerLink>
      </div>
      {integrations.length === 0 && (
        <p className="quiet">No integrations: its notifications go nowhere.</p>
      )}
      {integrations.map((integration) => (
        <Integration key={integration.name} receiver={name} integration={integration} />
      ))}
    </li>
  );
}

function Integration({
  receiver,
  integration: { name, channel, sendsResolved, sent, failed, last },
}: {
  readonly receiver: string;
  readonly integration: IntegrationRow;
}) {
  const nowMs = useNow(5_000);
  const test = useTest(receiver, name);
  return (
    <div className="integration">
      <code className="integration-name">{name}</code>
      <span className="integration-last">
        {last === undefined ? (
          <span className="quiet">nothing sent yet</span>
        ) : (
          <>
            <OutcomeWord state={last.state} /> <Ago ms={last.atMs} nowMs={nowMs} />
            <span className="quiet anywhere">{saidOf(last)}</span>
          </>
        )}
      </span>
      <span className="quiet integration-counts">
        {formatCount(sent)} sent, {formatCount(failed)} failed in 90 days
        {!sendsResolved && ", not when resolved"}
      </span>
      <Button disabled={test.isBusy} onClick={() => void test.run()}>
        {test.isBusy ? "Sending" : "Send a test"}
      </Button>
      {channel === "webpush" && <PushDevices receiver={receiver} />}
      {test.outcome !== undefined && <Outcome outcome={test.outcome} />}
      {test.failure !== undefined && <ErrorText error={test.failure} what="Not tested" />}
    </div>
  );
}

/** Why it failed, and that it was a test. */
function saidOf({ reason, state, answer }: NonNullable<IntegrationRow["last"]>): string {
  const parts = [reason === "test" ? "a test" : "", state === "sent" ? "" : answer];
  return parts.filter((part) => part !== "").join(": ");
}

function Outcome({ outcome: { state, answer, tookMs } }: { readonly outcome: TestOutcome }) {
  return (
    <p className="test-outcome anywhere" role="status">
      <OutcomeWord state={state} /> in {tookMs} ms: {answer}
    </p>
  );
}

function useTest(receiver: string, integration: string) {
  const queries = useQueryClient();
  const [outcome, setOutcome] = useState<TestOutcome>();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setOutcome(undefined);
    setFailure(undefined);
    try {
      setOutcome(await testReceiver(receiver, integration));
      await queries.invalidateQueries({ queryKey: notifierKey });
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { run, outcome, failure, isBusy };
}
