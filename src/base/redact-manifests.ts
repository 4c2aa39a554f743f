import type { SecretPattern } from './redact-pattern.ts'

/**
 * The data of a Kubernetes Secret as `kubectl get secret -o yaml|json` prints it. kubectl sorts the members, so `kind`
 * comes after `data`: the block is held back until its kind is known. The names of the fields stay readable.
 */
const SPACES = '[ \\t\\r\\n]{0,64}'
const Q = '\\\\{0,3}"'
const DATA = '(?:data|stringData)'

const SECRET_KIND = /kind[\\"]{0,4}[ \t\r\n]{0,64}:[ \t\r\n]{0,64}[\\"]{0,4}Secret/

const yamlLine = '(?![ ]*(?:- )?(?:kind|apiVersion):)[ ][^\\r\\n]*\\r?\\n'
const yamlHead = `(?:^|\\n)[ ]*(?:- )?${DATA}:[ \\t]*\\r?\\n`
const yamlKind = '[ ]*(?:- )?kind:[ ]*"?Secret"?[ \\t]*(?=[\\r\\n]|$)'
const yamlValues = /([ \t]*(?:[A-Za-z0-9._-]+:[ \t]+)?)([^\r\n]+)/g

const jsonHead = `${Q}${DATA}${Q}${SPACES}:${SPACES}\\{`
const jsonKind = `${Q}kind${Q}${SPACES}:${SPACES}${Q}Secret${Q}`
const jsonValues = /(\\{0,3}"[^"\\]*\\{0,3}"[ \t]*:[ \t]*\\{0,3}")([^"\\]+)/g

/** Members between `kind: Secret` and its data; less than the context that a stream keeps. */
const between = (stop: string): string => `(?:(?!${stop})[\\s\\S]){0,1500}?`

const yamlGoesOn = /^(?:[^\n]|\n(?=[ ]|$))*/
const jsonGoesOn = /^[^{}]*/

export const SECRET_MANIFESTS: readonly SecretPattern[] = [
  {
    hint: SECRET_KIND,
    name: 'Secret in YAML',
    regex: new RegExp(
      `(${yamlHead})((?:${yamlLine}){1,2000}?)(?=(?:[ ]*immutable:[^\\r\\n]*\\r?\\n)?${yamlKind})`,
      'g',
    ),
    goesOn: yamlGoesOn,
    inner: yamlValues,
    open: new RegExp(`${yamlHead}(?:${yamlLine})*(?:[ ]*immutable:[^\\r\\n]*\\r?\\n)?[^\\r\\n]*$`),
  },
  {
    hint: SECRET_KIND,
    name: 'Secret in YAML, kind first',
    regex: new RegExp(
      `(${yamlKind}${between('\\n---|kind:')}${yamlHead})((?:[ ][^\\r\\n]*(?:\\r?\\n|$))+)`,
      'g',
    ),
    goesOn: yamlGoesOn,
    inner: yamlValues,
  },
  {
    hint: SECRET_KIND,
    name: 'Secret in JSON',
    regex: new RegExp(
      `(${jsonHead})([^{}]{1,262144}?)(?=\\}${SPACES},${SPACES}(?:${Q}immutable${Q}${SPACES}:${SPACES}[a-z]{4,5}${SPACES},${SPACES})?${jsonKind})`,
      'g',
    ),
    goesOn: jsonGoesOn,
    inner: jsonValues,
    open: new RegExp(`${jsonHead}[^{}]*(?:\\}[^{}]{0,128})?$`),
  },
  {
    hint: SECRET_KIND,
    name: 'Secret in JSON, kind first',
    regex: new RegExp(`(${jsonKind}${between('kind')}${jsonHead})([^{}]{1,262144})`, 'g'),
    goesOn: jsonGoesOn,
    inner: jsonValues,
  },
]
