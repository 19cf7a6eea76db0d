import { getRouteApi } from "@tanstack/react-router";
import { Tabs } from "../../overlays/tabs.tsx";
import { useRules, useSilences } from "../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { AlertsTab } from "./alerts_tab.tsx";
import { HistoryTab } from "./history/history_tab.tsx";
import { NotificationsTab } from "./notifications_tab.tsx";
import { ReceiversTab } from "./routing/receivers_tab.tsx";
import { RoutesTab } from "./routing/routes_tab.tsx";
import { RulesTab } from "./rules_tab.tsx";
import { SilencesTab } from "./silences/silences_tab.tsx";

const route = getRouteApi("/alerts");

/** Parameters of the URL that only one tab reads. */
const ofOneTab = {
  q: "",
  is: "",
  open: "",
  labels: "",
  view: "",
  matchers: "",
  for: "",
  only: "",
  days: "",
};

/** What fires, the rules behind it, the silences that hold notifications back, and what was sent. */
export function AlertsView() {
  const { tab = "alerts" } = route.useSearch();
  const { intervalMs } = usePageRange();
  const change = useSearchChange();
  const rules = useRules(intervalMs);
  const silences = useSilences(intervalMs);
  const active = silences.data?.filter(({ state }) => state === "active").length;
  return (
    <section className="page">
      <Tabs
        label="Alerts"
        value={tab}
        onChange={(next) => change({ ...ofOneTab, tab: next === "alerts" ? "" : next })}
        tabs={[
          { value: "alerts", label: "Alerts" },
          { value: "rules", label: "Rules", count: rules.data?.length },
          { value: "silences", label: "Silences", count: active === 0 ? undefined : active },
          { value: "receivers", label: "Receivers" },
          { value: "routes", label: "Routes" },
          { value: "notifications", label: "Notifications" },
          { value: "history", label: "History" },
        ]}
      >
        {tab === "alerts" && <AlertsTab />}
        {tab === "rules" && <RulesTab />}
        {tab === "silences" && <SilencesTab />}
        {tab === "receivers" && <ReceiversTab />}
        {tab === "routes" && <RoutesTab />}
        {tab === "notifications" && <NotificationsTab />}
        {tab === "history" && <HistoryTab />}
      </Tabs>
    </section>
  );
}
