import type { ToolTable } from './facts.ts'

/** Files, folders, archives and disks. */
export const FILES: ToolTable = {
  'ls dir vdir ll stat du df lsattr getfacl namei pathchk mountpoint findmnt lsblk realpath readlink basename dirname locate mlocate plocate exa eza duf quota repquota':
    'read',
  file: { does: 'read', values: 'F e f m P', options: { 'C compile': 'change: writes a file' } },
  tree: {
    values: 'o L P I H T charset filelimit timefmt',
    options: { o: 'change file: writes its output to a file', R: 'change: writes listings into folders' },
  },
  'cp mv install ln link mkdir touch chmod chown chgrp setfacl chattr mkfifo mknod rename mktemp fallocate updatedb restorecon setcap ditto':
    'change: writes files, folders or their rights',
  'rm rmdir unlink shred truncate srm trash': 'destructive: removes or empties files',
  'wipefs mkfs mkfs.ext4 mkfs.xfs mkswap fsck fsck.ext4 xfs_repair e2fsck resize2fs sfdisk sgdisk gdisk debugfs losetup cryptsetup':
    'destructive: works on a disk',
  tune2fs: { does: 'destructive: works on a disk', harmless: 'l', neutral: '' },
  'xfs_info dumpe2fs blockdev': {
    does: 'read',
    options: {
      'setro setrw setra setbsz setfra flushbufs rereadpt': 'change: sets a property of the device',
    },
  },
  fdisk: {
    does: 'destructive interactive: changes partitions',
    harmless: 'l list x',
    neutral: 's script m machine',
    values: 'b c o output u units',
  },
  blkid: { options: { 'g garbage-collect w': 'change: writes its cache' }, values: 'c o s t L U w' },
  mount: {
    does: 'change: mounts a file system',
    bare: 'read: lists mounts',
    options: {
      'a all': 'change: mounts all file systems',
      'L label U uuid source target target-prefix B bind R rbind M move m mkdir fork':
        'change: mounts a file system',
    },
    values: 't types o options L label U uuid source target target-prefix O test-opts T fstab N namespace',
  },
  'umount swapoff': 'change: unmounts',
  swapon: {
    does: 'change: mounts or unmounts',
    harmless: 's show summary',
    neutral: 'noheadings raw bytes',
  },
  rsync: {
    does: 'change: copies files',
    values:
      'e rsh rsync-path exclude include exclude-from include-from files-from f filter B block-size T temp-dir compare-dest copy-dest link-dest log-file log-file-format out-format password-file bwlimit timeout contimeout max-size min-size M remote-option port address sockopts iconv partial-dir backup-dir suffix chmod chown info debug write-batch only-write-batch read-batch',
    options: {
      'e rsh rsync-path M remote-option': 'destructive: names a program to run',
      'delete delete-before delete-during delete-after delete-delay delete-excluded del remove-source-files delete-missing-args':
        'destructive: deletes files',
      'log-file write-batch only-write-batch': 'change: writes a file',
      daemon: 'change: starts a server',
    },
    harmless: 'n dry-run list-only',
    tamed:
      'delete delete-before delete-during delete-after delete-delay delete-excluded del remove-source-files delete-missing-args',
  },
  scp: {
    does: 'change: copies files',
    values: 'c D F i J l o P S X',
    options: { 'S D o F': 'destructive: settings that can run a program' },
  },
  'sftp ftp lftp': 'destructive interactive: opens a session for a person',
  unzip: { does: 'change: writes files', values: 'd x P', options: {} },
  'zipinfo zipgrep lsar': 'read',
  'gzip bzip2 xz zstd lz4 pigz pbzip2 gunzip bunzip2 unxz unzstd compress uncompress lzma unlzma lzop': {
    does: 'change: replaces files',
    values: 'S suffix T threads o output D',
    bare: 'read: filters its input',
    options: {
      'o output': 'change file: writes a file',
      'files files0 filelist output-dir-flat output-dir-mirror': 'change: replaces or writes files',
    },
    harmless: 'c stdout to-stdout l list t test',
    neutral:
      'd decompress uncompress k keep v verbose q quiet n no-name N name f force z compress r recursive 1 2 3 4 5 6 7 8 9 best fast s small',
  },
  '7z unrar 7za': {
    does: 'change: writes files',
    commands: { 'l t': 'read', 'x e a u d rn': 'change: writes files' },
  },
  smartctl: {
    values:
      'd device T tolerance n nocheck f format l log t test s smart o offlineauto S saveauto B P F i r q quietmode set drivedb',
    options: { 't test s smart o offlineauto S saveauto set X abort': 'change: changes the disk' },
  },
  hdparm: { does: 'change: sets a property of the disk', harmless: 'I i C', neutral: '' },
  'lvs vgs pvs lvdisplay vgdisplay pvdisplay': {
    does: 'read',
    values: 'config o options O sort S select units separator',
    options: { config: 'change: settings that can write a file' },
  },
  'lvcreate lvextend lvrename lvconvert vgcreate vgextend pvcreate pvresize lvchange vgchange':
    'change: changes volumes',
  'lvremove vgremove pvremove lvreduce vgreduce lvresize': 'destructive: removes or shrinks volumes',
  dmsetup: {
    bare: 'read',
    values: 'target exec o c C',
    options: { exec: 'destructive: runs a command' },
    commands: { 'ls info status table deps version targets': 'read' },
  },
  mdadm: {
    does: 'destructive: changes an array',
    harmless: 'D detail E examine Q query',
    neutral: 's scan v verbose b brief',
  },
  zpool: {
    commands: {
      'list get history version': 'read',
      'status iostat': { does: 'read', options: { c: 'destructive: runs a script' } },
      events: { options: { c: 'destructive: clears the events' } },
      'scrub clear online import trim add attach': 'change: changes a pool',
      'destroy remove detach offline export labelclear': 'destructive: takes a pool apart',
    },
  },
  zfs: {
    commands: {
      'list get diff holds version userspace groupspace': 'read',
      'snapshot create set mount unmount share send clone promote rename hold release':
        'change: changes a file system',
      'destroy rollback receive': 'destructive: destroys or overwrites',
    },
  },
  btrfs: {
    commands: {
      'filesystem.df filesystem.show filesystem.usage subvolume.list subvolume.show scrub.status device.usage version':
        'read',
      'device.stats': { does: 'read', options: { 'z reset': 'change: resets the counters' } },
      'scrub.start subvolume.create subvolume.snapshot balance.start': 'change: changes a file system',
      'subvolume.delete': 'destructive: deletes',
    },
  },
  showmount: 'read',
  exportfs: {
    does: 'change: changes exports',
    bare: 'read',
    options: { 'r a u f o i': 'change: changes exports' },
  },
}
