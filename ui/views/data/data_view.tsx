import { getRouteApi } from "@tanstack/react-router";
import { Tabs } from "../../overlays/tabs.tsx";
import { useSearchChange } from "../../state/page_range.ts";
import { AccountTab } from "./account_tab.tsx";
import { BlocksTab } from "./blocks_tab.tsx";
import { CardinalityTab } from "./cardinality_tab.tsx";
import { StorageTab } from "./storage_tab.tsx";

const route = getRouteApi("/data");

/** Where data are: whether all that was collected is stored, what that takes, of how many series it is, and in which files. */
export function DataView() {
  const { tab = "account" } = route.useSearch();
  const change = useSearchChange();
  return (
    <section className="page">
      <Tabs
        label="Data"
        value={tab}
        onChange={(next) =>
          change({ tab: next === "account" ? "" : next, q: "", metric: "", label: "", block: "" })
        }
        tabs={[
          { value: "account", label: "Account" },
          { value: "storage", label: "Storage" },
          { value: "cardinality", label: "Cardinality" },
          { value: "blocks", label: "Blocks" },
        ]}
      >
        {tab === "account" && <AccountTab />}
        {tab === "storage" && <StorageTab />}
        {tab === "cardinality" && <CardinalityTab />}
        {tab === "blocks" && <BlocksTab />}
      </Tabs>
    </section>
  );
}
