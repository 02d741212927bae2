// Asks the digitalbazaar stack about credentials. Reads {documents, credentials} from standard
// input, where documents are all that may be loaded, by address; writes one answer for each.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {readFileSync} from 'node:fs';
import * as vc from '@digitalbazaar/vc';

const {documents, credentials} = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  if(!(url in documents)) {
    throw new Error(`${url} is not at hand`);
  }
  return {contextUrl: null, documentUrl: url, document: documents[url]};
}

function reasons(error) {
  const all = [error, ...(error?.errors ?? [])].filter(Boolean);
  return all.map(one => one.message).join('; ');
}

const answers = [];
for(const credential of credentials) {
  const suite = new DataIntegrityProof({cryptosuite});
  const ask = credential.credentialStatus ? {checkStatus} : {};
  const result = await vc.verifyCredential({credential, suite, documentLoader, ...ask});
  const statuses = result.statusResult?.results ?? [];
  answers.push({
    verified: result.verified,
    // `verified` says nothing of this: a status that is set is no failed check there.
    set: statuses.some(({status}) => status),
    statuses: statuses.length,
    reason: reasons(result.error)
  });
}
console.log(JSON.stringify(answers));
