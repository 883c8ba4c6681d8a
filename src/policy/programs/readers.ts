import { tableOf } from './table-reader.ts';

/** Programs that only look. `names | class | operands | options`; see `table-reader.ts`. */
export const READERS = tableOf(`
true,false,:,pwd,whoami,logname,tty,nproc,arch,uptime,users,groups,runlevel | r | text | -LPpsVa --all --ignore=
id | r | text | -agGnruzZ --group --groups --name --user --real
uname | r | none | -asnrvmpio --all --kernel-name --nodename --kernel-release --machine
w | r | text | -hsfuoip --no-header --short
who | r | none | -abdHlmpqrstTuw --all --boot --heading
last,lastb | r | text | -#adFiRwx -n= -s= -t= -p= --limit= --since= --until= --fulltimes --hostnames
lastlog | r | none | -b= -t= -u=
sleep | r | text | 
basename | r | text | -az -s= --suffix= --multiple --zero
dirname | r | text | -z --zero
seq | r | text | -w -f= -s= --equal-width --separator= --format=
expr,factor,numfmt | r | text | --to= --from= --field= --suffix= --padding= --header
cat | r | paths | -AbeEnstTuv --number --show-all --number-nonblank --squeeze-blank
tac,nl,fold,expand,unexpand,fmt,pr,rev,cut,paste,column | r | paths | -b= -c= -d= -f= -s -n -t -z -w= -N= -o= -r -x -i= -v= -h= -l= -a --fields= --delimiter= --characters= --bytes= --output-delimiter= --only-delimited --complement --table --separator= --output-separator= --table-columns= --serial --width= --spaces
head | r | paths | -# -qvz -n= -c= --lines= --bytes= --quiet --verbose
tail | r | paths | -# -qvzfFr -n= -c= -s= --lines= --bytes= --follow?= --pid= --quiet --retry --sleep-interval=
wc | r | paths | -cmlLw --lines --words --bytes --chars --max-line-length --files0-from=<
sum,cksum,md5sum,sha1sum,sha224sum,sha256sum,sha384sum,sha512sum,b2sum | r | paths | -bctwz -a= --check --quiet --status --warn --tag --ignore-missing --strict --algorithm=
cmp | r | paths | -bls -n= -i= --silent --quiet --verbose
diff | r | tree | -abBcdeEfilnNpqrstuwyZ -U= -C= -W= -x= -I= --brief --recursive --unified?= --context?= --ignore-case --ignore-all-space --ignore-blank-lines --new-file --color?= --side-by-side --suppress-common-lines --width= --exclude= --report-identical-files --strip-trailing-cr
comm | r | paths | -123z --check-order --nocheck-order --output-delimiter=
join | r | paths | -iz -a= -v= -e= -j= -1= -2= -o= -t= --header
sort | r | paths | -bcCdfghiMmnRrsuVz -k= -t= -S= -o=> -T=> --key= --field-separator= --reverse --unique --numeric-sort --human-numeric-sort --version-sort --ignore-case --stable --output=> --parallel= --check?= --general-numeric-sort --month-sort --random-sort --zero-terminated --files0-from=<
tsort,shuf | r | paths | -erz -n= -i= -o=> --head-count= --input-range= --echo --repeat --output=>
tr | r | text | -cCdst --complement --delete --squeeze-repeats --truncate-set1
grep,egrep,fgrep,zgrep,zegrep,zfgrep | r | text-paths | -#EFGPiwxvcoqshHnbTazZUyIL -e= -f=< -m= -A= -B= -C= -l -d= -D= --color?= --colour?= --count --ignore-case --invert-match --line-number --quiet --silent --no-messages --files-with-matches --files-without-match --only-matching --max-count= --after-context= --before-context= --context= --include= --exclude= --exclude-dir= --extended-regexp --fixed-strings --perl-regexp --word-regexp --line-regexp --with-filename --no-filename --text --null --regexp= --file=< --binary-files= --line-buffered --no-ignore-case -Rr --recursive --dereference-recursive
strings | r | paths | -af -n= -t= -e= --all --bytes= --radix= --encoding=
od,hexdump,hd | r | paths | -abcdfiloxsvCtO -A= -j= -N= -t= -w?= -n= -s= -e= --address-radix= --skip-bytes= --read-bytes= --format= --output-duplicates --width?=
xxd | r | paths | -abCEeiuUp -c= -g= -l= -s= -o= -n=
base64,base32,basenc | r | paths | -di -w= --decode --wrap= --ignore-garbage --base64 --base64url --base32 --base16
stat | r | paths | -Lft -c= --format= --printf= --dereference --file-system --terse --cached=
file | r | paths | -bhikLnNprsvzZ0E -e= -F= -P= -f=< --brief --mime --mime-type --mime-encoding --dereference --no-dereference --uncompress
readlink | r | text | -efmnqsvz --canonicalize --canonicalize-existing --canonicalize-missing --no-newline
realpath | r | text | -eLmPqsz --canonicalize-existing --canonicalize-missing --relative-to= --relative-base= --no-symlinks
namei | r | text | -lmnovx --long --modes --owners --mountpoints
ls,dir,vdir | r | text | -#1aAbBcCdDfFgGhHiIklLmnNopqQrRsStuUvxXZ -I= -T= -w= --all --almost-all --author --escape --block-size= --ignore-backups --color?= --directory --dired --classify?= --file-type --format= --full-time --group-directories-first --no-group --human-readable --si --dereference --hide= --hyperlink?= --indicator-style= --inode --ignore= --kibibytes --literal --numeric-uid-gid --quote-name --quoting-style= --reverse --recursive --size --sort= --time= --time-style= --tabsize= --width= --context --zero
tree | r | text | -adflpqsughDFNQrtUvxCniAS -L= -P= -I= -H= -T= --du --dirsfirst --noreport --prune --filelimit= --charset= --inodes --device --matchdirs --ignore-case --si --timefmt= --sort= --gitignore -J -X
du | r | text | -0abcDhHklLmPsSx -B= -d= -t= -X=< --all --apparent-size --block-size= --bytes --total --max-depth= --human-readable --si --inodes --dereference --count-links --separate-dirs --summarize --threshold= --time?= --time-style= --exclude-from=< --exclude= --one-file-system --files0-from=<
df | r | text | -aBhHiklmPTv -t= -x= -B= --all --block-size= --human-readable --si --inodes --local --no-sync --output?= --portability --print-type --total --type= --exclude-type=
free | r | none | -bkmghltvw -c= -s= --bytes --kilo --mega --giga --human --lohi --total --wide --count= --seconds= --si --mebi --gibi --kibi --committed
vmstat | r | text | -afmnstdDwy -p= -S= --active --forks --slabs --one-header --stats --disk --wide --timestamp --unit=
iostat,mpstat,pidstat,sar | r | text | -cdhkmNtxyzpAbBqrRuvWSwH -P= -n= -p= -C= -g= -j= -o=!u -f=< -s= -e= --human --pretty
ps | r | text | -AadefFHjlLMmNTVwycZ -C= -G= -g= -O= -o= -p= -q= -s= -t= -U= -u= -k= --sort= --format= --pid= --ppid= --user= --User= --no-headers --no-heading --headers --forest --cols= --columns= --rows= --lines= --width= --deselect --group= --tty= --cumulative --info
pgrep | r | text | -acfilnovwx -d= -g= -G= -P= -s= -t= -u= -U= -r= --list-name --list-full --full --newest --oldest --count --delimiter= --uid= --euid= --parent= --exact --ignore-case --inverse
pidof,pstree,pmap,pwdx,psfind | r | text | -acghHlnpsSuUxXdAqT -o= --show-pids --arguments --long --hide-threads
top | r | none | -bcHiSs1 -d= -n= -p= -u= -U= -o= -w?= -E= -e=
htop,btop,atop,iotop | u | text | 
lsof | r | text | +# -abhlnNoOPRtUVvwX -i?= -p= -u= -c= -d= -g?= -s?= -F?= -r?= -T?= +D= +d= +L?=
fuser | r | text | -acfluvsVn46m -n= --all --mount --user --verbose --namespace= --silent
lsblk | r | text | -abdDfilmnoOpPrsStVJTzy -o= -I= -e= -x= -M --all --bytes --nodeps --discard --fs --include= --exclude= --ascii --json --list --perms --noheadings --output= --output-all --paths --pairs --raw --inverse --topology --scsi --tree?= --sort= --sysroot=
blkid | r | text | -gkLlpioU -s= -t= -o= --output= --match-tag= --match-token= --list-one --probe --info
findmnt | r | text | -AaBbcCdDefFhiJklmMnPoRrstTUuvVx -o= -O= -t= -S= -T= -M= -N= --all --list --noheadings --json --output= --types= --target= --source= --raw --df --real --bytes --verify --fstab --mtab --kernel --submounts
lscpu,lspci,lsusb,lsmem,lsns,lslocks,lslogins,lsipc,lsmod,lsscsi,lshw,lsinitramfs,lsattr,lsfd,lsirq | r | text | -aAbBcCdDeFJknloOpqrstuvVxX -m -s= -i -g -R -w --all --bytes --json --output= --output-all --online --offline --extended?= --parse?= --noheadings --raw --summary?= --short --class= -C= --notruncate --sanitize --time-format=
dmidecode | r | none | -qsu -t= -s= --type= --string= --quiet
getconf,locale,localectl,dnsdomainname,domainname,hostid | r | text | -a -k -v -m -fs --all
nslookup,host | r | text | -avt -t= -type= 
ping,ping6 | r | text | -46anqvDLnORU -c= -i= -I= -M= -s= -t= -W= -w= -p= -Q= -l= 
tracepath,traceroute,mtr | r | text | -46nbIrTUwzec -m= -p= -q= -f= -i= -s= -c= --report --report-wide --no-dns --report-cycles= --tcp --udp --json --show-ips
arping | r | text | -bDfqUA -c= -w= -I= -i= -s=
netstat | r | text | -46aAceFgilnNoprstuvWwxCM --all --numeric --listening --programs --tcp --udp --route --interfaces --statistics --wide --extend --unix --raw --timers
ss | r | text | -0123456abdeEhHilmMnNoOprsStTuwxzZBV -f= -A= --all --listening --numeric --processes --tcp --udp --summary --extended --memory --info --options --resolve --unix --raw --no-header --ipv4 --ipv6 --family= --query= --oneline --socket=
ethtool | r | text | -ikgclTSPam --driver --statistics --show-features --show-ring --show-coalesce
lldpctl,conntrackd | u | text | 
vnstat | r | text | -dhlmsty -i= --json?= --oneline --days --months --hours
getcap | r | text | -nrv
getfacl | r | text | -aceEsRLPtpndn --access --default --omit-header --all-effective --no-effective --skip-base --recursive --tabular --numeric --absolute-names
getent | r | text | -is -s= --service= --no-idn
jq | r | text-paths | -rcsSneaMCjgR --arg= --raw-output --compact-output --slurp --sort-keys --exit-status --null-input --raw-input --join-output --tab --indent= --color-output --monochrome-output --ascii-output
yq | r | text-paths | -rcojPNMCe -o= -p= --output-format= --prettyPrint --no-colors
xmllint | r | paths | --noout --format --xpath= --nonet --valid --schema=<
cal,ncal,tload,look,fgconsole,mesg | r | text | -13jmyhNbwM -A= -B= -m= -d=
which,whereis,whatis,apropos | r | text | -abmslkrwe --all --skip-alias --skip-functions --show-dot --show-tilde
type | r | text | -aftpP
zcat,gzcat,bzcat,xzcat,zstdcat,lzcat | r | paths | -fqv
zdiff,zcmp,bzgrep,xzgrep | r | text-paths | -icnvqw
nvidia-smi | r | none | -Lqax -i= -d= -f=> -l= --query-gpu= --query-compute-apps= --format= --id= --list-gpus --query --display= --loop= --filename=> --query-supported-clocks=
sensors | r | text | -ufAj
hdparm | r | text | -ItTgiC
smartctl | r | text | -aAHicxjqn -l= -d= -n= -q= --all --info --health --attributes --scan --json?= --xall --log= --device=
nfsstat,showmount,rpcinfo,exportfs | r | none | -aedcnlmpsv234 --all --exports --no-headers
rpm2cpio,isoinfo,lsdiff | r | paths | -l -i=<
sestatus,getenforce,aa-status,aa-enabled | r | none | -vb --verbose --json
chronyc,ntpq | r | words | -nchpmat46
chronyc tracking,chronyc sources,chronyc sourcestats,chronyc activity,chronyc ntpdata,ntpq peers | r | text | -v
chage,faillog | r | text | -l= --list=
virsh,lxc,podman-compose,nomad,consul,vault | r | words | 
virsh list,virsh dominfo,virsh domstate,virsh nodeinfo,lxc list,lxc info,nomad status,consul members,vault status | r | text | --all --inactive --name --title
nginx | r | none | -vVtTqh -c=< -p= -g=!u -s=!c -e=>
sshd | r | none | -tTGq -f=< -C= -o=!u -p=
apachectl,apache2ctl,httpd,apache2,haproxy,named-checkconf,named-checkzone,php-fpm,visudo,postconf,caddy,dnsmasq | u | text | 
apachectl configtest,apache2ctl configtest | r | none | 
sudo -l,systemd-detect-virt,systemd-cgls,systemd-cgtop,bootctl,coredumpctl | u | text | 
mountpoint | r | text | -qdx --quiet --nofollow
dmesg | r | none | -dDeHkLPqrStTuwxfl -l= -f= --human --level= --facility= --ctime --kernel --decode --nopager --reltime --color?= --since= --until= --follow --time-format= --json
utmpdump,logsave,bootlogd,aureport,ausearch | u | text | 
more,pg | r | paths | -dflcpsu -n=
help,jobs,times,umask,ulimit,hash,shopt,dirs,caller | r | none | -aSHlprst
builtin-none | r | none | 
`);
