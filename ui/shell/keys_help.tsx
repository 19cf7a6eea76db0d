import { Dialog } from "../overlays/dialog.tsx";
import { useKeyRegistry } from "../state/keys.ts";

/** The list of keys that hold on this page. */
// React.lazy asks for a default export.
export default function KeysHelp({ onClose }: { readonly onClose: () => void }) {
  const groups = useKeyRegistry().groups();
  return (
    <Dialog open onOpenChange={onClose} title="Keys" size="wide">
      <div className="keys-help">
        {groups.map(({ title, bindings }) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <dl>
              {bindings.map(({ keys, words }) => (
                <div key={keys}>
                  <dt>{words}</dt>
                  <dd>
                    {keys.split(" ").map((key) => (
                      <kbd key={key}>{keyWords(key)}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** "mod+k" as the keyboard at hand has it. */
function keyWords(key: string): string {
  const mod = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ " : "Ctrl ";
  return key.startsWith("mod+") ? mod + key.slice("mod+".length).toUpperCase() : key;
}
