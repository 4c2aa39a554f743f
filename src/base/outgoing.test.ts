import { expect, test } from 'vitest'
import { checkOutgoing } from './outgoing.ts'

test.each([
  'http://127.0.0.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://[::1]/', 'http://[::ffff:10.0.0.1]/',
  'http://169.254.169.254/latest/meta-data', 'http://10.1.2.3/', 'http://192.168.1.1/', 'http://0.0.0.0/', 'http://[fd00::1]/',
])('%s is inside, and nothing is sent there', async (address) => {
  await expect(checkOutgoing(address)).rejects.toMatchObject({ code: 'forbidden' })
}) // prettier-ignore

test('a name that leads inside is refused, also when only one of its addresses does', async () => {
  const resolve = async () => ['93.184.216.34', '10.0.0.7']
  await expect(checkOutgoing('https://two-faced.example/', { resolve })).rejects.toMatchObject({
    code: 'forbidden',
  })
  const allowHosts = ['two-faced.example']
  expect((await checkOutgoing('https://two-faced.example/', { resolve, allowHosts })).addresses).toHaveLength(
    2,
  )
})

test('an address outside is taken; other protocols and credentials in it are not', async () => {
  const resolve = async () => ['93.184.216.34']
  expect((await checkOutgoing('https://hooks.example/x', { resolve })).addresses).toEqual(['93.184.216.34'])
  for (const address of [
    'file:///etc/passwd',
    'gopher://hooks.example/',
    'https://user:pass@hooks.example/',
    'nothing',
  ])
    await expect(checkOutgoing(address, { resolve })).rejects.toMatchObject({ code: 'input_invalid' })
})
