import { createContext, useContext } from "react";
import { assert } from "#shared/assert.ts";
import type { DashboardClient } from "../client/dashboard_service.ts";
import type { DataClient } from "../client/storage/data_service.ts";
import type { EventClient } from "../client/event_service.ts";
import type { Inventory } from "../client/query_service.ts";

/** What the pages are lent by the entry point. */
export type Services = {
  readonly inventory: Inventory;
  readonly dashboards: DashboardClient;
  readonly events: EventClient;
  readonly data: DataClient;
};

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  assert(services !== undefined, "pages render inside ServicesContext");
  return services;
}
