import { useQuery } from "@tanstack/react-query";
import { runningConfig } from "../../client/running_config.ts";
import { intervalOf } from "../../queries/query_client.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Picture, Skeleton } from "../../widgets/picture.tsx";
import { isLocalOnly, nextSteps, type Step } from "./commands.ts";

/** Three ways to more data, with the commands as this very installation needs them. */
export function NextSteps({
  isOpen,
  hostName,
}: {
  readonly isOpen: boolean;
  /** Of the only host that is there. */
  readonly hostName: string | undefined;
}) {
  const config = useQuery({
    queryKey: ["running_config"],
    queryFn: ({ signal }) => runningConfig(signal),
    refetchInterval: intervalOf(0),
    staleTime: 60_000,
  });
  const { origin } = location;
  return (
    <details className="next-steps" open={isOpen}>
      <summary>
        <h2>Next steps</h2>
      </summary>
      <Picture query={config} skeleton={<Skeleton rows={3} height={120} />}>
        {(known) => (
          <>
            {isLocalOnly(known) && (
              <p className="state warn">
                <Icon name="warning" />
                <span>
                  This server listens on {known.listen}, where other hosts do not reach it: start it
                  with <code>--listen 0.0.0.0:{known.listen.split(":").at(-1)}</code> behind a proxy
                  with a login, for Lapwing has none yet.
                </span>
              </p>
            )}
            <div className="steps">
              {nextSteps({ origin, hostName, config: known }).map((step) => (
                <StepCard key={step.id} step={step} />
              ))}
            </div>
          </>
        )}
      </Picture>
    </details>
  );
}

function StepCard({ step: { title, why, commands } }: { readonly step: Step }) {
  return (
    <section className="step" aria-label={title}>
      <h3>{title}</h3>
      <p className="quiet">{why}</p>
      {commands.map(({ where, text }) => (
        <figure key={text} className="step-command">
          <figcaption>
            <span>{where}</span>
            <CopyButton label={`Copy: ${where}`} text={text} />
          </figcaption>
          <pre tabIndex={0}>{text}</pre>
        </figure>
      ))}
    </section>
  );
}
