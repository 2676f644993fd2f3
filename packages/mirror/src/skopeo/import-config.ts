// `portolan mirror import-config`: rules from the files of skopeo, regsync and lstags. Which one it is
// shows in its first keys.
import { importLstags } from './import-lstags.ts';
import { importRegsync } from './import-regsync.ts';
import { importSkopeo } from './import-skopeo.ts';
import type { ImportedConfig } from './imported-rules.ts';
import { isMap, parseYamlText } from './yaml-text.ts';

/** Never throws for what the file says: `problems` has all of it. */
export function importConfig(text: string): ImportedConfig {
  const { value } = parseYamlText(text);
  if (isMap(value) && 'lstags' in value) return importLstags(value);
  if (isMap(value) && Array.isArray(value['sync'])) return importRegsync(value);
  return importSkopeo(text);
}
