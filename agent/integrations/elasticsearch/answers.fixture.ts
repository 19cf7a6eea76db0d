/**
 * Answers in the form that a node of 7.13 gives, with numbers of our own: two data nodes under load, one index. Fields as in the documentation of
 * Nodes stats, Index stats and Cluster health, and as github.com/prometheus-community/elasticsearch_exporter records them.
 */
const shards = {
  docs: { count: 1_200, deleted: 30 },
  store: {
    size_in_bytes: 5_000_000,
    total_data_set_size_in_bytes: 5_000_000,
    reserved_in_bytes: 0,
  },
  indexing: {
    index_total: 1_500,
    index_time_in_millis: 2_500,
    index_current: 1,
    index_failed: 4,
    delete_total: 30,
    delete_time_in_millis: 20,
    delete_current: 0,
    noop_update_total: 0,
    is_throttled: true,
    throttle_time_in_millis: 750,
  },
  get: {
    total: 9,
    time_in_millis: 3,
    exists_total: 8,
    exists_time_in_millis: 2,
    missing_total: 1,
    missing_time_in_millis: 1,
    current: 0,
  },
  search: {
    open_contexts: 2,
    query_total: 4_000,
    query_time_in_millis: 12_000,
    query_current: 3,
    fetch_total: 3_900,
    fetch_time_in_millis: 1_300,
    fetch_current: 0,
    scroll_total: 5,
    scroll_time_in_millis: 60_000,
    scroll_current: 1,
    suggest_total: 0,
    suggest_time_in_millis: 0,
    suggest_current: 0,
  },
  merges: {
    current: 1,
    current_docs: 200,
    current_size_in_bytes: 700_000,
    total: 17,
    total_time_in_millis: 4_400,
    total_docs: 2_400,
    total_size_in_bytes: 9_000_000,
    total_stopped_time_in_millis: 0,
    total_throttled_time_in_millis: 100,
    total_auto_throttle_in_bytes: 20_971_520,
  },
  refresh: {
    total: 90,
    total_time_in_millis: 800,
    external_total: 80,
    external_total_time_in_millis: 820,
    listeners: 0,
  },
  flush: { total: 2, periodic: 2, total_time_in_millis: 90 },
  warmer: { current: 0, total: 77, total_time_in_millis: 5 },
  query_cache: {
    memory_size_in_bytes: 2_048,
    total_count: 300,
    hit_count: 250,
    miss_count: 50,
    cache_size: 4,
    cache_count: 6,
    evictions: 2,
  },
  fielddata: { memory_size_in_bytes: 1_024, evictions: 0 },
  completion: { size_in_bytes: 0 },
  segments: {
    count: 12,
    memory_in_bytes: 40_000,
    terms_memory_in_bytes: 25_000,
    stored_fields_memory_in_bytes: 6_000,
    term_vectors_memory_in_bytes: 0,
    norms_memory_in_bytes: 3_000,
    points_memory_in_bytes: 0,
    doc_values_memory_in_bytes: 6_000,
    index_writer_memory_in_bytes: 100_000,
    version_map_memory_in_bytes: 500,
    fixed_bit_set_memory_in_bytes: 0,
    max_unsafe_auto_id_timestamp: -1,
    file_sizes: {},
  },
  translog: { operations: 44, size_in_bytes: 12_345, uncommitted_operations: 44 },
  request_cache: { memory_size_in_bytes: 512, evictions: 1, hit_count: 70, miss_count: 30 },
};

const pool = { used_in_bytes: 100, max_in_bytes: 0, peak_used_in_bytes: 900, peak_max_in_bytes: 0 };
const breaker = {
  limit_size_in_bytes: 1_000_000,
  limit_size: "976.5kb",
  estimated_size_in_bytes: 950_000,
  estimated_size: "927.7kb",
  overhead: 1,
  tripped: 3,
};
const threads = { threads: 4, queue: 7, active: 4, rejected: 11, largest: 4, completed: 1_000 };

function node(name: string, roles: readonly string[]) {
  return {
    timestamp: 1_700_000_000_000,
    name,
    transport_address: "10.0.0.1:9300",
    host: "10.0.0.1",
    ip: "10.0.0.1:9300",
    roles,
    indices: shards,
    os: {
      cpu: { percent: 60, load_average: { "1m": 2.5, "5m": 2, "15m": 1.5 } },
      mem: { total_in_bytes: 8e9, free_in_bytes: 1e9, used_in_bytes: 7e9, used_percent: 87 },
    },
    process: {
      open_file_descriptors: 400,
      max_file_descriptors: 65_535,
      cpu: { percent: 50, total_in_millis: 123_456 },
      mem: { total_virtual_in_bytes: 9e9 },
    },
    jvm: {
      uptime_in_millis: 90_500,
      mem: {
        heap_used_in_bytes: 750,
        heap_used_percent: 75,
        heap_committed_in_bytes: 1_000,
        heap_max_in_bytes: 1_000,
        non_heap_used_in_bytes: 200,
        non_heap_committed_in_bytes: 220,
        pools: { young: pool, survivor: pool, old: pool },
      },
      gc: {
        collectors: {
          young: { collection_count: 21, collection_time_in_millis: 300 },
          old: { collection_count: 1, collection_time_in_millis: 1_500 },
        },
      },
      buffer_pools: { direct: { count: 3, used_in_bytes: 4_096, total_capacity_in_bytes: 4_096 } },
    },
    thread_pool: { search: threads, write: threads },
    fs: {
      data: [
        {
          path: "/data/nodes/0",
          mount: "/data (/dev/sda1)",
          type: "ext4",
          total_in_bytes: 1_000,
          free_in_bytes: 300,
          available_in_bytes: 250,
        },
      ],
      io_stats: {
        devices: [
          {
            device_name: "sda1",
            operations: 30,
            read_operations: 10,
            write_operations: 20,
            read_kilobytes: 100,
            write_kilobytes: 200,
          },
        ],
      },
    },
    transport: { rx_count: 5, rx_size_in_bytes: 500, tx_count: 6, tx_size_in_bytes: 600 },
    http: { current_open: 2, total_opened: 16, clients: [] },
    breakers: { parent: breaker, request: breaker },
    indexing_pressure: { memory: { current: { all_in_bytes: 10 }, limit_in_bytes: 1_000 } },
  };
}

export const about = {
  name: "a",
  cluster_name: "shop",
  cluster_uuid: "aCMrCY1VQpqJ6U4Sw_xdiw",
  version: {
    number: "7.13.1",
    build_hash: "9a77580",
    build_date: "2021-05-28T17:40:59.346932922Z",
    lucene_version: "8.8.2",
  },
  tagline: "You Know, for Search",
};

export const clusterHealth = {
  cluster_name: "shop",
  status: "yellow",
  timed_out: false,
  number_of_nodes: 2,
  number_of_data_nodes: 2,
  active_primary_shards: 30,
  active_shards: 50,
  relocating_shards: 1,
  initializing_shards: 2,
  unassigned_shards: 10,
  delayed_unassigned_shards: 3,
  number_of_pending_tasks: 4,
  number_of_in_flight_fetch: 5,
  task_max_waiting_in_queue_millis: 12,
  active_shards_percent_as_number: 83.3,
};

export const allNodes = {
  _nodes: { total: 2, successful: 2, failed: 0 },
  cluster_name: "shop",
  nodes: { idA: node("a", ["data_hot", "ingest", "ml"]), idB: node("b", ["master", "data"]) },
};
export const localNode = { ...allNodes, nodes: { idA: allNodes.nodes.idA } };

export const indexStats = { indices: { "orders.v1": { primaries: shards, total: shards } } };
