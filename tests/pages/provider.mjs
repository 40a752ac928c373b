// Real identity providers (oidc-provider) on loopback, each on a port of the system's choosing.
// Takes {providers: {name: {clients, authMethods}}, accounts: {login: claims}} as its argument, says one line of JSON
// {name: issuer} when they listen, and ends with its standard input: whoever started it cannot leave it behind.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from '../../api/node_modules/oidc-provider/lib/index.js';

const { providers, accounts } = JSON.parse(process.argv[2]);

const jwk = (kid, type, options) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, use: 'sig' });
const keys = [jwk('of-rsa', 'rsa', { modulusLength: 2048 }), jwk('of-ec', 'ec', { namedCurve: 'P-256' })];

async function listen({ clients, authMethods }) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    clientAuthMethods: authMethods,
    jwks: { keys },
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    // Claims stand in the ID token, as Entra ID and Keycloak send them.
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub', 'oid', 'roles', 'realm_access', 'https://council.example/roles'],
      email: ['email', 'email_verified'],
      profile: ['preferred_username'],
    },
    findAccount: (_, login) => accounts[login] && { accountId: login, claims: () => ({ sub: login, ...accounts[login] }) },
  });
  server.on('request', provider.callback());
  return issuer;
}

const listening = {};
for (const [name, asked] of Object.entries(providers)) listening[name] = await listen(asked);
console.log(JSON.stringify(listening));
process.stdin.on('end', () => process.exit(0)).resume();
