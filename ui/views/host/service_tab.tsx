import { lazy, Suspense, useMemo } from "react";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Empty, Skeleton } from "../../widgets/picture.tsx";
import type { FoundKind } from "./host_tabs.ts";

const EmbeddedBoard = lazy(async () => ({
  default: (await import("../dashboards/embedded_board.tsx")).EmbeddedBoard,
}));

/** The built-in dashboard of a kind of service, of this host's instances alone. */
export function ServiceTab({ kind }: { readonly kind: FoundKind }) {
  const { integration, instances } = kind;
  const names = instances.join("\u0000");
  const chosen = useMemo(() => new Map([["instance", names.split("\u0000")]]), [names]);
  return (
    <Suspense fallback={<Skeleton rows={3} height={200} />}>
      <EmbeddedBoard uid={`lapwing-${integration}`} chosen={chosen} />
    </Suspense>
  );
}

const processesSnippet = "integrations:\n  processes:\n    - {}\n";

/** Groups of processes where they are collected, else the lines that bring them. */
export function ProcessesTab({ kind }: { readonly kind: FoundKind | undefined }) {
  if (kind !== undefined) return <ServiceTab kind={kind} />;
  return (
    <Empty title="Processes are not collected on this host">
      CPU, memory, storage and files by group of processes come with these lines in the agent's{" "}
      <code>lapwing.yaml</code>; each group is some 20 series.
      <pre className="snippet">{processesSnippet}</pre>
      <CopyButton label="Copy the lines for processes" text={processesSnippet} word="Copy" />
    </Empty>
  );
}
