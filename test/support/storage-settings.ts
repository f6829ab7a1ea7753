/** Storage settings that are valid, by type. */
export const NFS = { type: 'nfs', mount_options: 'noacl,sync', ip: '192.168.1.100', share: '/nfs/storage' };
export const ISCSI = {
  type: 'iscsi',
  target: 'iqn.2012:storage',
  ip: '192.168.1.100',
  username: 'user',
  password: 'pass',
};
