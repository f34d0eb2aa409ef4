// Which tasks, libraries, languages and quantisations are there? Writes src/zoco/formats/cards/facts/*.json from the
// npm packages @huggingface/tasks and @huggingface/languages (both MIT), at the versions that package.json pins.
//
// Facts only: ids, names, relations, the queries that count downloads. No descriptions, no snippets.
// To run it: `npm ci --ignore-scripts && node tools/gen_tasks.mjs [folder to write to]`.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import * as languages from "@huggingface/languages";
import * as tasks from "@huggingface/tasks";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = process.argv[2] ?? join(ROOT, "src/zoco/formats/cards/facts");
const require = createRequire(import.meta.url);

/** `name version` of an installed package, which every file names as its source. */
function source(name) {
	const entry = require.resolve(name);
	const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`)) + `node_modules/${name}/`;
	const { version, license } = JSON.parse(readFileSync(`${folder}package.json`, "utf-8"));
	return `${name} ${version} (${license})`;
}

/** The tables of one file: an entry a line, so that a new version shows in a diff what it brings. */
function write(file, from, tables) {
	const parts = Object.entries(tables).map(([name, table]) => {
		const entries = Array.isArray(table)
			? table.map((value) => JSON.stringify(value))
			: Object.entries(table).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
		const [open, close] = Array.isArray(table) ? "[]" : "{}";
		return `${JSON.stringify(name)}:${open}\n${entries.join(",\n")}\n${close}`;
	});
	writeFileSync(join(FOLDER, file), `{"source":${JSON.stringify(from)},\n${parts.join(",\n")}}\n`);
}

const mapped = (table, fact) => Object.fromEntries(Object.entries(table).map(([key, value]) => [key, fact(value, key)]));
const sorted = (table) => Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
const filled = (facts) => Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

/** The order of the tasks means something: within a modality from the specific to the general. */
function task(data, id) {
	const about = tasks.TASKS_DATA[id];
	return filled({
		name: data.name,
		modality: data.modality,
		subtasks: data.subtasks && Object.fromEntries(data.subtasks.map((one) => [one.type, one.name])),
		hidden_in_models: data.hideInModels || undefined,
		hidden_in_datasets: data.hideInDatasets || undefined,
		metrics: about?.metrics.map((metric) => metric.id),
		libraries: tasks.TASKS_MODEL_LIBRARIES[id]?.length ? tasks.TASKS_MODEL_LIBRARIES[id] : undefined,
	});
}

function library(data, id) {
	return filled({
		name: data.prettyLabel,
		repo: data.repoName,
		url: data.repoUrl,
		docs: data.docsUrl,
		is_filter: data.filter || undefined,
		count: data.countDownloads,
		tasks: tasks.LIBRARY_TASK_MAPPING[id],
	});
}

/** An enum of TypeScript holds both directions: only number → name is kept. */
const numbered = (table) => Object.fromEntries(Object.entries(table).filter(([key]) => /^\d+$/.test(key)));

mkdirSync(FOLDER, { recursive: true });
write("tasks.json", source("@huggingface/tasks"), {
	modalities: Object.fromEntries(tasks.MODALITIES.map((id) => [id, tasks.MODALITY_LABELS[id]])),
	tasks: mapped(tasks.PIPELINE_DATA, task),
});
write("libraries.json", source("@huggingface/tasks"), {
	models: sorted(mapped(tasks.MODEL_LIBRARIES_UI_ELEMENTS, library)),
	datasets: sorted(mapped(tasks.DATASET_LIBRARIES_UI_ELEMENTS, library)),
});
write("quantizations.json", source("@huggingface/tasks"), {
	file_types: numbered(tasks.GGMLFileQuantizationType),
	tensor_types: numbered(tasks.GGMLQuantizationType),
	file_types_by_size: tasks.GGUF_QUANT_ORDER.map((number) => tasks.GGMLFileQuantizationType[number]),
});
const spoken = (one) => (one.nativeName ? [one.name, one.nativeName] : [one.name]);
write("languages.json", source("@huggingface/languages"), {
	iso_639_1: sorted(mapped(languages.LANGUAGES_ISO_639_1, spoken)),
});
write("languages_3.json", source("@huggingface/languages"), {
	iso_639_3: sorted(mapped(languages.LANGUAGES_ISO_639_3, spoken)),
});
