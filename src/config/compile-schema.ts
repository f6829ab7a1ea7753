import { _, Ajv, type CodeOptions, type KeywordCxt, type ValidateFunction } from 'ajv';
import { readSchema } from './schema-file.js';

/**
 * Compiles `config/<name>.schema.json`. A valid value has the schema's defaults filled in.
 *
 * `scripts/compiled-schemas.js` puts in the place of this module what it compiles: in the built product the compiler is
 * not loaded, and the schemas are not read.
 */
export function compileSchema<T>(name: string): ValidateFunction<T> {
  return ajv.compile<T>(readSchema(name));
}

/** @param code how the validating functions are to be written */
export function createCompiler(code: CodeOptions = {}): Ajv {
  const compiler = new Ajv({ useDefaults: true, verbose: true, strictTypes: false, code });
  // The unit of a setting, for the README.
  compiler.addKeyword('x-unit');
  // The characters that a text may hold, in the order in which a refusal lists them.
  compiler.addKeyword({
    keyword: 'characters',
    type: 'string',
    schemaType: 'string',
    code: (context: KeywordCxt) =>
      context.fail(_`!Array.from(${context.data}).every((one) => ${context.schemaCode}.includes(one))`),
  });
  return compiler;
}

const ajv = createCompiler();
