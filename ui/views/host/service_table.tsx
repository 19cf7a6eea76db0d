import type { Service } from "../../client/query_service.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Icon, type IconName } from "../../elements/icon.tsx";

const ranks: Readonly<Record<string, number>> = { down: 0, failed: 1, invalid: 2, needs: 3 };
const looks: Readonly<Record<string, readonly [IconName, "good" | "warn" | "bad"]>> = {
  running: ["check", "good"],
  down: ["cross", "bad"],
  needs: ["warning", "warn"],
  invalid: ["warning", "warn"],
  failed: ["warning", "warn"],
};
/** States without a look of their own. */
const words: Readonly<Record<string, string>> = {
  starting: "not asked yet",
  excluded: "excluded",
};

/** Services of a host: what needs a person comes first, with the lines to add to its configuration. */
export function ServiceTable({ services }: { readonly services: readonly Service[] }) {
  const rows = services.toSorted(
    (a, b) =>
      (ranks[a.state] ?? 4) - (ranks[b.state] ?? 4) ||
      a.title.localeCompare(b.title) ||
      a.instance.localeCompare(b.instance),
  );
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Services found">
      <table className="table stacked">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Service</th>
            <th scope="col">Instance</th>
            <th scope="col">Known by</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.integration}\u0000${row.instance}`}>
              <td>
                <ServiceState state={row.state} />
              </td>
              <td className="name-cell">{row.title}</td>
              <td className="url-cell">{row.instance === "" ? "all" : row.instance}</td>
              <td>{row.origin}</td>
              <td className="error-cell">
                <Reason service={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Reason({ service }: { readonly service: Service }) {
  const { lastError, because, snippet, needs, state, title } = service;
  const reason = lastError === "" ? because.join(", ") : lastError;
  if (state !== "needs" || snippet === "") return reason === "" ? "–" : reason;
  return (
    <details>
      <summary>
        Needs {needs.length === 0 ? "something" : needs.join(", ")}: lines for its lapwing.yaml
      </summary>
      <CopyButton label={`Copy the lines for ${title}`} text={snippet} word="Copy" />
      <pre className="snippet">{snippet}</pre>
      <p className="quiet">{reason}</p>
    </details>
  );
}

function ServiceState({ state }: { readonly state: string }) {
  const look = looks[state];
  if (look === undefined) return <span className="quiet">{words[state] ?? state}</span>;
  const [icon, tone] = look;
  return (
    <span className={`state ${tone}`}>
      <Icon name={icon} />
      {state}
    </span>
  );
}
