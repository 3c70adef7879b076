// Where a ship is drawn: a skeleton of sea lanes by way points [longitude, latitude], own schematic table.
// The way on it is the shortest one that passes the given passage; it is a drawing, not a voyage of the model.
import { geoDistance } from "d3-geo";
import { wayAt } from "./data.js";

const POINTS = {
  gulfmex: [-90, 27], florida: [-80.5, 24.3], bahamas: [-76, 28], hatteras: [-72, 36], grandbanks: [-48, 43], midatl: [-45, 36],
  azores: [-25, 40], finisterre: [-11, 44.5], ushant: [-6.5, 48.8], channel: [-1, 50.1], dover: [1.6, 51.1], northsea: [3.5, 54],
  skaw: [9, 58], kattegat: [11.4, 56.9], belt: [11.2, 54.6], bornholm: [15.2, 55.4], gotland: [19.8, 57.5], finland: [24.5, 59.75], vyborg: [28, 60.2],
  riga: [21, 57.9], klaipeda: [20.3, 55.7], irish: [-7.5, 51], celtic: [-13, 52], stvincent: [-10, 36.8], gibraltar: [-5.6, 35.95], alboran: [-2, 36.3],
  balearic: [3.5, 38.5], lions: [4.5, 42], sardinia: [8, 38.2], sicily: [11.5, 37.2], ionian: [17, 36.2], adria: [18.8, 40.3], nadria: [14, 44],
  crete: [23, 34.8], aegean: [25.3, 37.8], dardanelles: [26, 39.8], marmara: [28.2, 40.8], eastmed: [30.5, 33.2], levant: [34, 33], portsaid: [32.4, 31.6], suez: [32.55, 29.6],
  redsea: [37.8, 22.5], southred: [41, 16], mandeb: [43.4, 12.5], aden: [48, 12.8], socotra: [54, 14.5], oman: [60.5, 22.2], hormuz: [56.6, 26.3], gulf: [52.5, 26.9], kuwait: [49.3, 29],
  arabian: [66, 17], gujarat: [70.5, 21], cochin: [74.5, 9], dondra: [80.5, 5.3], bengal: [89, 18], andaman: [94.5, 6.2], malacca: [100.5, 3.3], singapore: [104.3, 1.3],
  siam: [103, 8], scs: [111.5, 12], hainan: [112.5, 18.5], taiwanstr: [119.5, 24], luzon: [120.5, 20.5], manila: [119.5, 14.5], ecs: [123.5, 30.5], yellow: [123.2, 35], korea: [128.8, 34.4],
  kyushu: [131.5, 30.6], tokyo: [139.8, 34.4], japaneast: [143, 39], tsugaru: [140.5, 41.3], japansea: [135.5, 38.5], perouse: [142.2, 45.8], aniva: [143.1, 46.3], okhotsk: [147.5, 47.5], kurils: [154, 47.5],
  kamchatka: [162.5, 51.5], beringsea: [175, 59.5], bering: [-168.9, 65.9], chukchi: [-174, 68.7], delong: [178, 70.3], eastsib: [162, 71.6], sannikov: [140, 74.4], laptev: [125, 75.6], vilkitsky: [103.5, 78.05], taymyr: [95, 77.2], khatanga: [113.5, 77.3],
  kara: [85, 75.6], dikson: [78.5, 74], yamal: [73.2, 73.3], zhelaniya: [69.5, 77.2], karagate: [58, 70.4], pechora: [52, 70.1], barents: [38, 71.8], northcape: [26, 71.9], lofoten: [10.5, 68.3], norwegian: [3, 62.5], shetland: [1.5, 59],
  faroe: [-9, 60.5], cape: [18, -35.2], agulhas: [24, -36], mozambique: [41.5, -14], madagascar: [50.5, -27], eastafrica: [46.5, -3], guinea: [6, 2.8], angola: [11, -6.5], liberia: [-12, 4.5], dakar: [-18.5, 15], canary: [-16.5, 29.5], midsouth: [-5, -12],
  recife: [-33.5, -6], rio: [-41, -24], plate: [-53.5, -36.5], bahia: [-60, -40], horn: [-66.5, -57], chilesouth: [-77, -50], chile: [-73.5, -33], peru: [-78.5, -12], ecuador: [-82.5, -2], panamapac: [-79.6, 7.5], panama: [-79.8, 9.6], mona: [-67.7, 18.2],
  carib: [-76.5, 15.5], trinidad: [-61.5, 11.6], yucatan: [-85.7, 21.7], lesserant: [-58, 15], mexpac: [-106, 20], california: [-121.5, 34], vancouver: [-126, 48.5], kitimat: [-131.8, 53.8], aleutian: [-165, 53.2], northpac: [175, 49],
  davis: [-57, 62], baffin: [-67, 72.5], lancaster: [-82, 74.2], viscount: [-104, 74.2], amundsen: [-122, 70.8], beaufort: [-140, 70.6], barrow: [-157, 71.7], hawaii: [-158, 23.5], midpac: [165, 26], guam: [146, 14], torres: [141.8, -10.6], darwin: [129, -10.8], timor: [123, -11.3], nws: [115.8, -19.6], lombok: [115.8, -8.8], makassar: [118.2, -0.5], celebes: [121.5, 4], java: [110, -4.8], sunda: [105, -6.4],
  bassw: [113, -34.5], basse: [140, -40.5], sydney: [153.5, -34], gladstone: [153.2, -24.3], coral: [155, -13], png: [146.9, -9.9], philsea: [128, 14], indian: [82, -12], borneo: [112.5, 4.8],
};
const LINKS = `gulfmex-florida gulfmex-yucatan florida-bahamas bahamas-hatteras bahamas-midatl bahamas-azores hatteras-grandbanks hatteras-midatl midatl-azores midatl-stvincent grandbanks-ushant grandbanks-celtic grandbanks-faroe azores-finisterre azores-stvincent azores-ushant
finisterre-ushant finisterre-stvincent ushant-channel ushant-irish irish-celtic ushant-celtic channel-dover dover-northsea northsea-skaw northsea-norwegian northsea-shetland shetland-faroe shetland-norwegian skaw-kattegat kattegat-belt belt-bornholm bornholm-klaipeda bornholm-gotland klaipeda-gotland gotland-riga riga-finland gotland-finland finland-vyborg skaw-norwegian
stvincent-gibraltar stvincent-canary gibraltar-alboran gibraltar-canary alboran-balearic alboran-sardinia balearic-lions balearic-sardinia lions-sardinia sardinia-sicily sicily-ionian ionian-adria adria-nadria ionian-crete crete-aegean aegean-dardanelles dardanelles-marmara crete-eastmed eastmed-levant eastmed-portsaid levant-portsaid ionian-eastmed aegean-eastmed
portsaid-suez suez-redsea redsea-southred southred-mandeb mandeb-aden aden-socotra socotra-arabian socotra-oman socotra-cochin socotra-eastafrica oman-hormuz hormuz-gulf gulf-kuwait oman-arabian arabian-gujarat oman-gujarat arabian-cochin gujarat-arabian cochin-dondra dondra-bengal dondra-andaman bengal-andaman andaman-malacca malacca-singapore aden-dondra oman-cochin
singapore-siam singapore-scs scs-hainan scs-luzon siam-scs hainan-taiwanstr luzon-taiwanstr taiwanstr-ecs luzon-kyushu scs-manila manila-luzon ecs-yellow ecs-korea yellow-korea korea-japansea kyushu-tokyo kyushu-ecs kyushu-korea luzon-ecs tokyo-japaneast japaneast-tsugaru tsugaru-japansea japansea-perouse tsugaru-perouse perouse-aniva aniva-okhotsk okhotsk-kurils kurils-kamchatka kurils-japaneast kamchatka-beringsea japaneast-kamchatka beringsea-bering
bering-chukchi chukchi-delong delong-eastsib eastsib-sannikov sannikov-laptev laptev-khatanga khatanga-vilkitsky vilkitsky-taymyr taymyr-kara kara-dikson dikson-yamal kara-zhelaniya yamal-karagate karagate-pechora pechora-barents zhelaniya-barents barents-northcape northcape-lofoten lofoten-norwegian lofoten-shetland lofoten-faroe faroe-celtic
cape-agulhas agulhas-madagascar agulhas-mozambique mozambique-eastafrica eastafrica-aden madagascar-indian madagascar-sunda indian-sunda indian-andaman madagascar-dondra mozambique-socotra mozambique-dondra cape-midsouth cape-angola midsouth-liberia midsouth-recife angola-guinea guinea-liberia liberia-dakar dakar-canary midsouth-guinea liberia-recife dakar-lesserant cape-rio cape-recife angola-liberia
recife-rio recife-trinidad rio-plate plate-bahia bahia-horn horn-chilesouth chilesouth-chile chile-peru peru-ecuador ecuador-panamapac panamapac-panama panama-carib panama-yucatan carib-mona mona-bahamas mona-midatl carib-trinidad trinidad-lesserant lesserant-azores lesserant-midatl lesserant-canary trinidad-mona carib-yucatan midatl-gibraltar bahamas-grandbanks
panamapac-mexpac mexpac-california california-vancouver vancouver-kitimat kitimat-aleutian aleutian-northpac northpac-kamchatka northpac-japaneast northpac-tokyo vancouver-northpac california-northpac mexpac-hawaii panamapac-hawaii hawaii-midpac midpac-tokyo midpac-kyushu ecuador-hawaii peru-hawaii aleutian-beringsea california-hawaii vancouver-aleutian
grandbanks-davis davis-baffin baffin-lancaster lancaster-viscount viscount-amundsen amundsen-beaufort beaufort-barrow barrow-bering davis-faroe torres-darwin torres-png torres-coral darwin-timor timor-nws timor-lombok nws-lombok nws-sunda nws-bassw lombok-makassar makassar-celebes celebes-philsea celebes-manila lombok-java java-singapore java-borneo sunda-singapore sunda-java bassw-basse basse-sydney sydney-gladstone gladstone-coral coral-png coral-guam guam-tokyo guam-philsea philsea-kyushu philsea-luzon darwin-celebes bassw-indian borneo-scs borneo-manila borneo-singapore timor-celebes guam-kyushu torres-philsea makassar-java png-coral nws-indian sunda-andaman philsea-ecs`.split(/\s+/);
const GATES = { nwp: "lancaster-viscount", suez: "portsaid-suez", panama: "panamapac-panama", nsr: "khatanga-vilkitsky", cape: "cape-agulhas", "cape-horn": "horn-chilesouth" };
export const NSR = ["karagate", "yamal", "dikson", "kara", "taymyr", "vilkitsky", "khatanga", "laptev", "sannikov", "eastsib", "delong", "chukchi", "bering"].map((p) => POINTS[p]);
// Node -> place of loading or landing, and the point of the skeleton it hangs on.
const PORTS = {
  "RU-YAM": [72.1, 71.3, "yamal"], "RU-BALT": [28.5, 60.4, "vyborg"], "RU-SAKH": [142.9, 46.6, "aniva"], NO: [23.6, 70.7, "northcape"], GB: [-5, 51.7, "irish"], NL: [4, 52, "dover"], BE: [3.2, 51.4, "dover"],
  FR: [-2, 47.2, "ushant"], DE: [8, 53.7, "northsea"], IT: [8.3, 44, "lions"], ES: [-0.3, 39.6, "balearic"], PT: [-8.9, 37.9, "stvincent"], PL: [14.3, 54, "bornholm"], LT: [21.1, 55.7, "klaipeda"], FI: [25, 60, "finland"],
  HR: [14.5, 45.2, "nadria"], GR: [23.4, 37.9, "aegean"], TR: [28, 41, "marmara"], QA: [51.6, 25.9, "gulf"], AE: [52.6, 25.2, "gulf"], OM: [59.4, 22.7, "oman"], SA: [50.7, 26.3, "gulf"], KW: [48.4, 28.7, "kuwait"], IL: [34.5, 32, "levant"], JO: [34.9, 29.4, "redsea"],
  YE: [48.2, 13.9, "aden"], EG: [31, 31.5, "portsaid"], DZ: [-0.3, 35.8, "alboran"], MA: [-6, 35.8, "gibraltar"], NG: [7.1, 4.3, "guinea"], "W-AFR": [12.2, -6.1, "angola"], MZ: [41.4, -10.8, "mozambique"],
  "US-GULF": [-93.5, 29.6, "gulfmex"], "US-REST": [-76.3, 38, "hatteras"], CA: [-128.8, 54, "kitimat"], MX: [-116.8, 31.8, "california"], TT: [-61.7, 10.2, "trinidad"], CARIB: [-69.6, 18.3, "mona"], PE: [-76.3, -13.3, "peru"], BR: [-43.1, -22.9, "rio"], AR: [-62, -39, "bahia"], CL: [-71.5, -32.8, "chile"],
  "CN-COAST": [121.9, 30.7, "ecs"], "CN-NE": [121.6, 38.9, "yellow"], JP: [140, 35.3, "tokyo"], KR: [126.4, 36.5, "yellow"], TW: [120.2, 22.8, "taiwanstr"], IN: [72.5, 21.6, "gujarat"], PK: [67, 24.8, "arabian"], BD: [91.8, 21.6, "bengal"], TH: [101.1, 12.6, "siam"], MY: [113, 3.3, "borneo"],
  SG: [103.7, 1.2, "singapore"], ID: [117.5, 0.1, "makassar"], BN: [114.4, 4.7, "borneo"], VN: [107.2, 10.3, "scs"], PH: [121, 13.7, "manila"], PG: [146.9, -9.4, "png"], "AU-E": [151.3, -23.8, "gladstone"], "AU-W": [116.8, -20.6, "nws"], IE: [-8.5, 51.7, "irish"], EE: [24, 59.4, "finland"],
};

const graph = new Map(Object.keys(POINTS).map((p) => [p, []]));
const links = new Map();
for (const link of new Set(LINKS)) {
  const [a, b] = link.split("-");
  if (!POINTS[a] || !POINTS[b]) throw new Error(`sea lane ${link} names no way point`);
  const far = geoDistance(POINTS[a], POINTS[b]);
  const id = a < b ? `${a}-${b}` : `${b}-${a}`;
  links.set(id, [POINTS[a], POINTS[b]]);
  graph.get(a).push([b, far, id]);
  graph.get(b).push([a, far, id]);
}
const name = (gate) => { const [a, b] = gate.split("-"); return a < b ? `${a}-${b}` : `${b}-${a}`; };
const gateIds = Object.fromEntries(Object.entries(GATES).map(([k, v]) => [k, name(v)]));

function reach(start, shut) {
  const far = new Map([[start, 0]]), from = new Map(), open = new Set([start]);
  while (open.size) {
    let here = null;
    for (const p of open) if (here === null || far.get(p) < far.get(here)) here = p;
    open.delete(here);
    for (const [next, d, id] of graph.get(here)) {
      if (shut.has(id) || far.get(here) + d >= (far.get(next) ?? Infinity)) continue;
      far.set(next, far.get(here) + d); from.set(next, [here, id]); open.add(next);
    }
  }
  return from;
}

// A route whose way differs by month becomes one stream for each way, with no flow in the other months.
export function streams(routes) {
  return routes.flatMap((r) => {
    if (!Array.isArray(r.via) && r.via_b === null) return [{ ...r, route: r }];
    const only = (k, via) => r[k].map((v, i) => (wayAt(r, k, i) === via ? v : 0));
    const ways = new Set(r.b.flatMap((_, i) => [wayAt(r, "b", i), wayAt(r, "s", i)]));
    return [...ways].map((via) => ({ ...r, route: r, via, via_b: null, b: only("b", via), s: only("s", via) }));
  });
}

// A way may name a transfer at a floating store: that of Kamchatka lies beyond the Northern Sea Route.
const passes = (via) => (via.includes("koryak") ? `nsr ${via}` : via);

// Lanes for streams: pieces (id -> two points) and, per stream, the pieces it uses in order.
export function drawLanes(routes) {
  const trees = new Map(), pieces = new Map(), ways = new Map();
  for (const r of routes) {
    const start = port(r.from), end = port(r.to);
    const shut = new Set(r.via !== null ? Object.keys(gateIds).filter((g) => !passes(r.via).includes(g)).map((g) => gateIds[g]) : []);
    const key = start.point + "|" + [...shut].join();
    if (!trees.has(key)) trees.set(key, reach(start.point, shut));
    const way = [];
    for (let p = end.point; p !== start.point;) {
      const step = trees.get(key).get(p);
      if (!step) break;
      way.unshift(step[1]);
      p = step[0];
    }
    for (const id of way) pieces.set(id, links.get(id));
    for (const [node, place] of [[r.from, start], [r.to, end]]) {
      pieces.set(`port-${node.id}`, [place.at, POINTS[place.point]]);
    }
    ways.set(r, [`port-${r.from.id}`, ...way, `port-${r.to.id}`]);
  }
  return { pieces, ways };
}

const ports = new Map();
function port(node) {
  if (!ports.has(node.id)) {
    const known = PORTS[node.id], at = [node.lon, node.lat];
    ports.set(node.id, known ? { at: [known[0], known[1]], point: known[2] } : { at, point: nearest(at) });
  }
  return ports.get(node.id);
}

function nearest(at) {
  const far = new Map(Object.keys(POINTS).map((p) => [p, geoDistance(at, POINTS[p])]));
  return [...far.keys()].reduce((a, p) => (far.get(p) < far.get(a) ? p : a));
}
