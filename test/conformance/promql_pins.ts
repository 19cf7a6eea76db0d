/** Prometheus's PromQL scripts: the commit they are taken from, and the SHA-256 of each file. */
export const pinnedCommit = "d15adb9ad7e5d9fbde3a9a8f30200593a5a14d86";

/** Where the files of the commit are served. */
export const publicHome = `https://raw.githubusercontent.com/prometheus/prometheus/${pinnedCommit}`;

type PinnedFile = { readonly path: string; readonly sha256: string };

const scripts = {
  "aggregators.test": "6361d9092a8b31c04f59b4e4d5e70fa3aeba5c4b068505e2fec41252a2502b88",
  "at_modifier.test": "40640c64b8159cb052518d4022935ee25357ee04aebedea519d03a505244395d",
  "collision.test": "7d477979b45192d1aa2ba7bc1928e16c69fe8c84babe74e010f2cbc4f4b2c412",
  "duration_expression.test": "b3b177b6792c4a28ee57c605a9fba3c05b4c1e1b81a3bf34014b240cfe550163",
  "extended_vectors.test": "0c189006ab482f508c5192beca6fda743c54771e9f9cc8624a0c4697c6775512",
  "fill-modifier.test": "8de100df12a014f5259c17289187cf24b634d90e82a3d3de0560f1ed780d3a75",
  "functions.test": "679b0fb3aef5e2a11a8eb4ae99493a7e563c80a2ed194aba54ae6fd1469a33f5",
  "histograms.test": "f8f151194d9e254ca5c4f229555c6905613d7a6f49d375c81d5d790eb81d8aab",
  "info.test": "f98219e842722cb20fd5ceb1ad210e91d465bd4c09cd1201a2ff6d633bd0ac82",
  "limit.test": "0cfb243dc626f9253523820d3bc871a9712d88a66c9936acbb99ec52f109d338",
  "literals.test": "0561b22f1d0c89bb8495174f9f4faf9a05b70cc4170454671c26d3e70d84110c",
  "name_label_dropping.test": "8149d92f071f057c7484a8e8409d52bf639a79cb1bfba3ecb7a6a0006e6095c2",
  "native_histograms.test": "ebede14fc7e0bc219145c198cdc371832cc796d89582da5f311e605230c88bd1",
  "operators.test": "5caf8c4c26e3e492ea98fabc4f32622269e13ad7601a51434e2b029ca9482685",
  "range_queries.test": "b0db3dea23968f7efa755dd6bf52265419696107403434f6d93cf7df8a8abc8d",
  "selectors.test": "70a827b6cb133d95d139d7f0433db742f1f310d5bc1dd5e4b138031970ebc43c",
  "staleness.test": "178a655095f05f2ffb9f08f677dcd40f2a34e578099b3d3127ea486a9981f736",
  "start_timestamps.test": "aa450df6c43dc6508daa47d998fbd09aed0d0c74c78b8a0023364faff9d3390e",
  "subquery.test": "37c4534e7a98e4fe7fdd0e273e9bbf8c59c2fb7b0363c4b4b4af6fcf756f62a6",
  "trig_functions.test": "d9cba332e8b6294276e7fbdeb5bbfb715e11bad6ec6aa568fe01aa82ed802a8f",
  "type_and_unit.test": "23f604731f005563f9c7219c913eb65008f366fbe6999d64e1d9a22614e21426",
};

export const pinnedFiles: readonly PinnedFile[] = [
  {
    path: "LICENSE",
    sha256: "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
  },
  ...Object.entries(scripts).map(([name, sha256]) => ({
    path: `promql/promqltest/testdata/${name}`,
    sha256,
  })),
];
