import { useState, type ReactNode } from "react";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Icon } from "../../elements/icon.tsx";
import { enrolCommands, isLoopback } from "./enrol_commands.ts";

type Props = {
  readonly token: string;
  /** Where agents are told to reach NATS. */
  readonly servers: readonly string[];
};

/** What to run on the host, with the aggregator's address as the host reaches it: that need not be the one of this page. */
export function HostCommands({ token, servers }: Props) {
  const [url, setUrl] = useState(location.origin);
  const isUrl = /^https?:$/.test(URL.parse(url)?.protocol ?? "");
  const [enrol, start] = enrolCommands(token, url.trim().replace(/\/+$/, ""));
  const local = servers.filter(isLoopback);
  return (
    <>
      <label className="enrol-address">
        Address of this aggregator, as the host reaches it
        <input
          className="text-field"
          type="url"
          value={url}
          aria-invalid={!isUrl}
          onChange={(event) => setUrl(event.target.value)}
        />
      </label>
      {!isUrl && <p className="field-fault">expected an address such as http://aggregator:7600</p>}
      {isUrl && isLoopback(url) && (
        <Warning>
          {url} leads a further host to itself: write the name or address that it knows this machine
          by, where <code>listen</code> lets it in.
        </Warning>
      )}
      {local.length > 0 && local.length === servers.length && (
        <Warning>
          Agents are told to reach NATS at {local.join(", ")}, which leads a further host to itself:
          set <code>fleet.agent_servers</code> of the aggregator first.
        </Warning>
      )}
      <Command label="the command that enrols" text={enrol ?? ""} />
      <Command label="the command that starts the agent" text={start ?? ""} />
    </>
  );
}

function Warning({ children }: { readonly children: ReactNode }) {
  return (
    <p className="state warn enrol-warning">
      <Icon name="warning" />
      <span>{children}</span>
    </p>
  );
}

/** Text to take along, as it is. */
export function Command({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className="command">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton label={`Copy ${label}`} text={text} />
    </div>
  );
}
