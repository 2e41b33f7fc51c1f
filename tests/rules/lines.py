"""Command lines for the guard: what it must refuse, with words of the reason, and what it must let through.

One a line, and ⏎ is a newline inside one. Each is run in /r, on the branch `topic`; the other work trees are those of
test_guard.py.
"""

FORBIDDEN = {
    "version tag": r"""
git tag v1.2.3
git tag v1.2.3 HEAD~1
git tag -a v1.2.3 -m "release"
git tag -am release v1.2.3
git tag -m 'git log' -s v1.2.3
git tag -s -u KEY v1.2.3
git tag -f v1.2.3
git tag --force --annotate --message=x v1.2.3
git tag --ann -F notes v1.2.3 abc123
git tag v1.2.3rc1
git tag v1
git tag -d v1.2.3
git tag --delete topic v1.2.3
git tag refs/tags/v1.2.3
git tag -- v1.2.3
git update-ref refs/tags/v1.2.3 HEAD
git update-ref -d refs/tags/v1.2.3
git update-ref -m why refs/tags/v1.2.3 HEAD
git symbolic-ref refs/tags/v1.2.3 refs/heads/topic
git fetch . HEAD:refs/tags/v1.2.3
git fetch origin master:tags/v1.2.3
echo 0123 > .git/refs/tags/v1.2.3
git push origin v1.2.3
git push origin refs/tags/v1.2.3
git push origin tag v1.2.3
git push origin tags/v1.2.3
git push origin HEAD:refs/tags/v1.2.3
git push origin HEAD:tags/v1.2.3
git push origin v1.2.3:v1.2.3
git push origin +v1.2.3
git push origin :v1.2.3
git push origin :refs/tags/v1.2.3
git push -d origin v1.2.3
git push origin --delete v1.2.3
git push origin topic v1.2.3
git push origin refs/tags/*
git push origin 'refs/tags/v*'
git push origin 'refs/tags/*:refs/tags/*'
git push --tags
git push origin --tags
git push origin topic --tags
git push --tag origin topic
git push --follow-tags
git push --follow-tags origin topic
git push -u origin topic --follow
cd /follow && git push origin topic
git -C /follow push
git -c push.followTags=true push origin topic
git -c push.followTags push origin topic
sh -c 'git tag v1.2.3'
git commit -m x && git tag v1.2.3 && git push origin topic
git rel
git submodule foreach 'git tag v1.2.3'
find . -name .git -execdir git tag v1.2.3 \;
python -c "import subprocess; subprocess.run(['git', 'tag', 'v1.2.3'])"
python3 - <<'EOF'⏎import subprocess⏎subprocess.check_call([⏎    "git", "push", "origin", "v1.2.3",⏎])⏎EOF
jj tag set v1.2.3 -r @
git -C /series push origin v3.x
semantic-release version
semantic-release
npx semantic-release
uvx --from python-semantic-release semantic-release -c x.toml publish
cz bump
uv run cz bump --yes
commitizen bump --increment PATCH
""",
    "stable branch": r"""
git push origin master
git push origin refs/heads/master
git push origin heads/master
git push origin HEAD:master
git push origin HEAD:refs/heads/master
git push origin +HEAD:master
git push origin +dev:refs/heads/master
git push origin @:master
git push origin topic:master
git push origin abc1234:master
git push origin :master
git push origin +:master
git push origin :refs/heads/master
git push --delete origin master
git push -d origin master
git push -f origin master
git push -fu origin master
git push origin master --force-with-lease
git push --force-with-lease=master origin master
git push origin topic master
git push -u origin topic HEAD:master
git push -o ci.skip origin master
git push --push-option ci.skip origin master
git push origin master -n
git push git@github.com:owner/name.git master
git push https://github.com/owner/name HEAD:master
git push . topic:master
git push upstream master
git push --all
git push --all origin
git push --branches origin
git push --mirror
git push --mirror backup
git push --mir backup
git push origin :
git push origin +:
git push origin refs/heads/*
git push origin '+refs/heads/*:refs/heads/*'
git push origin 'refs/*:refs/*'
git push origin 'refs/heads/mas*:refs/heads/mas*'
git push -- origin master
git -C /m push
git -C /m push origin
git -C /m push --repo=origin
git -C /m push origin HEAD
git -C /m push -u origin @
git -C / -C m push
git --git-dir=/m push
git --git-dir /m push
GIT_DIR=/m git push
export GIT_DIR=/m; git push
env GIT_DIR=/m git push
cd /m && git push
cd /m; git push origin HEAD
cd / && cd m && git push
cd /r/../m && git push
pushd /m && git push
(cd /m && git push)
cd /m && (cd /r; git status) && git push
git checkout master && git push
git checkout -q master; git pull; git push
git checkout -B master && git push
git switch master && git merge topic && git push
git switch -C master && git push
git branch -M master && git push -u origin HEAD
git branch -m master && git push
git checkout -t origin/master && git push
git -C /matching push
git -c push.default=matching push
git config push.default matching && git push
git -C /mirror push
git -C /mapped push
git -C /mapped push origin
git -C /mapped push origin topic
git -C /upstream push
git -C /upstream push origin topic
git -c push.default=upstream -C /upstream push
git -c remote.origin.push=HEAD:master push
git -c remote.origin.push=refs/heads/*:refs/heads/* push origin
git p origin master
git pm
git pp
git -c alias.x='push origin master' x
git -c alias.x='!git push origin master' x
git -c alias.x='!git push' x origin master
git config alias.x 'push origin master' && git x
git --no-pager push origin master
git -p -c a.b=c push origin master
/usr/bin/git push origin master
\git push origin master
"git" push origin master
g'i't pu"sh" origin mas\ter
git push origin $'master'
git push origin $'\x6daster'
$'git' push origin master
git  push	origin   master
git push \⏎  origin \⏎  master
true; git push origin master
true && git push origin master
false || git push origin master
git push origin master | cat
git push origin master &
git status & git push origin master
echo a | git push origin master
(git push origin master)
( ( git push origin master ) )
((git push origin master))
{ git push origin master; }
! git push origin master
if true; then git push origin master; fi
if git push origin master; then echo ok; fi
while ! git push origin master; do sleep 5; done
for i in 1 2 3; do git push origin master && break; done
until git push origin master; do :; done
case x in x) git push origin master;; esac
case $x in (a|b) echo;; *) git push origin master;; esac
f() { git push origin master; }; f
function f { git push origin master; }
echo $(git push origin master)
echo "$(git push origin master)"
echo "done: $(cd /r && git push origin master 2>&1)"
echo `git push origin master`
echo "`git push origin master`"
x=$(git push origin master)
x="$(case a in a) git push origin master;; esac)"
echo ${x:-$(git push origin master)}
echo "${x:-it's $(git push origin master)}"
cat <(git push origin master)
echo $((1 << 2)); git push origin master
echo $((1 << 2))⏎git push origin master
((x = 1 << 2))⏎git push origin master
git push origin master # to the stable branch
echo hi # comment⏎git push origin master
cat <<EOF⏎$(git push origin master)⏎EOF
cat <<EOF⏎text⏎EOF⏎git push origin master
cat <<-'EOF'⏎	text⏎	EOF⏎git push origin master
echo "$(cat <<EOF)"⏎git push origin master
bash <<EOF⏎git push origin master⏎EOF
sh <<'EOF'⏎cd /r⏎git push origin master⏎EOF
bash -s <<< 'git push origin master'
bash <<< "git push origin master"
echo "git push origin master" | sh
echo 'git push origin master' | sudo bash -s
printf 'git push origin master\n' | bash
echo 'git push origin master' | tee script | sh
cat <<'EOF' | tee script | bash⏎git push origin master⏎EOF
printf '%s\n' 'git push origin master' | bash -
cat <<EOF | bash⏎git push origin master⏎EOF
sh -c 'git push origin master'
bash -c "git push origin master"
bash -lc 'git push origin master'
bash -euo pipefail -c 'git push origin master'
bash -e -c 'cd /m; git push'
bash --norc -c 'git push origin master'
/bin/sh -c 'git push origin master'
zsh -ic 'git push origin master'
sh -c "sh -c 'git push origin master'"
sh -c 'eval "git push origin master"'
eval git push origin master
eval "git push" origin master
eval 'cd /m' && git push
env git push origin master
env A=1 B=2 git push origin master
env -i PATH=/bin git push origin master
env - git push origin master
env -u HOME -C /r git push origin master
env -C /m git push
env -S 'git push origin master'
A=1 git push origin master
GIT_SSH_COMMAND='ssh -i key' git push origin master
sudo git push origin master
sudo -u git -E git push origin master
sudo -- git push origin master
doas git push origin master
command git push origin master
command -p git push origin master
exec git push origin master
exec -a x git push origin master
builtin eval git push origin master
nohup git push origin master &
time git push origin master
time -p git push origin master
timeout 5 git push origin master
timeout -k 5 --signal=KILL 60 git push origin master
nice -n 10 git push origin master
setsid git push origin master
stdbuf -oL git push origin master
flock /tmp/lock git push origin master
flock /tmp/lock -c 'git push origin master'
script -q -c 'git push origin master' /dev/null
su -c 'git push origin master' me
watch -n 5 git push origin master
direnv exec . git push origin master
uv run git push origin master
uv run --with x -- git push origin master
poetry run git push origin master
ssh -p 22 host git push origin master
ssh host 'cd repo && git push origin master'
find . -maxdepth 1 -exec git push origin master \;
trap 'git push origin master' EXIT
alias gp='git push origin master'
sudo env A=1 timeout 9 sh -c "cd /r && git push origin master"
git submodule foreach git push origin master
git submodule foreach --recursive 'git push origin master'
git rebase -x 'git push origin master' HEAD~3
git rebase --exec='git push origin master' main
git bisect run git push origin master
git subtree push --prefix=docs origin master
git-push origin master
/usr/lib/git-core/git-push origin master
$SUDO git push origin master
$GIT push origin master
"$GIT" -C /r push origin master
$(which git) push origin master
`command -v git` push origin HEAD:master
git push origin master >/dev/null 2>&1
>/tmp/log git push origin master
2>&1 git push origin master
git push origin master; echo "unclosed
jj git push --bookmark master
jj git push -b topic -b master
jj -R /r git push -b exact:master
jj git push --named master=@
hub push origin master
tmux new -d 'git push origin master'
tmux send-keys -t work 'git push origin master' Enter
screen -dm git push origin master
at now <<< 'git push origin master'
echo 'git push origin master' | at now
nix-shell -p git --run 'git push origin master'
npm exec -- git push origin master
pnpm exec git push origin master
devbox run -- git push origin master
python3 -c "import os; os.system('git push origin master')"
uv run python -c "import subprocess as s; s.run('git push origin master', shell=True)"
node -e "require('child_process').execSync('git push origin master')"
node -e "require('child_process').spawnSync('git', ['push', 'origin', 'master'])"
perl -e 'system("git push origin master")'
ruby <<'EOF'⏎system "git", "push", "origin", "master"⏎EOF
python - <<'EOF'⏎import os⏎for name in ['a']:⏎    os.system(f'git -C {name} push origin master')⏎EOF
git push https://x:$TOKEN@github.com/owner/name.git master
git push https://x:$TOKEN@github.com/owner/name.git HEAD:refs/heads/master
systemd-run --user --unit x git push origin master
ssh-agent git push origin master
ssh-agent bash -c 'git push origin master'
dbus-run-session git push origin master
""",
    "cannot be told": r"""
cd $DIR && git push
cd - && git push
cd && git push
cd /nowhere && git push origin HEAD
git clone https://example.org/x /x && cd /x && git push
git checkout - && git push
git checkout $BRANCH && git push
git -C $DIR push
""",
    "only running it would tell": r"""
git push $X
git push origin $BRANCH
git push origin "$BRANCH"
git push origin ${BRANCH}
git push origin HEAD:$BRANCH
git push origin "HEAD:refs/heads/$(cat branch)"
git push origin `git branch --show-current`
git push $REMOTE topic
git push origin {topic,master}
git push $(echo origin master)
echo master | xargs git push origin
xargs git push origin master
echo origin | xargs -n1 -I% git push % master
git branch | xargs -I{} git push origin {}
for b in topic master; do git push origin $b; done
git tag $VERSION
git tag -a "v$VERSION" -m "$VERSION"
git tag "$(cat VERSION)"
git tag -d "$TAG"
cat versions | xargs -n1 git tag
git update-ref "refs/tags/$T" HEAD
git $COMMAND origin master
git "$@"
bash -c "git push origin $BRANCH"
git -c push.default=$X push
git --config-env=push.default=X push
gh $X
gh release $X
gh pr "$VERB" 12
gh api -X POST "$ADDRESS"
git push https://x:$TOKEN@github.com/owner/$NAME topic
git push https://x:$TOKEN@github.com/owner/name.git $BRANCH
jj git push -b 'glob:*'
jj git push -b $NAME
""",
    "from the environment": r"""
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=push.default GIT_CONFIG_VALUE_0=matching git push
export GIT_CONFIG_GLOBAL=/tmp/x; git push origin topic
env GIT_CONFIG_PARAMETERS="'push.default=matching'" git push
""",
    "reads what it does": r"""
git update-ref --stdin < refs
""",
    "does not see which": r"""
git send-pack origin master
git flow release finish 1.2.3
git flow hotfix publish 1.2.3
git town ship
git town ship topic
""",
    "changes releases": r"""
gh release create v1.2.3
gh release create v1.2.3 --generate-notes dist/*
gh release new v1.2.3
gh -R owner/name release create v1.2.3
gh release -R owner/name create v1.2.3
gh release edit v1.2.3 --draft=false
gh release delete v1.2.3 --yes
gh release delete-asset v1.2.3 x.whl
gh release upload v1.2.3 dist/x.whl
direnv exec . gh release create v1.2.3
GH_TOKEN=x gh release create v1.2.3
$GH release create v1.2.3
gh api repos/owner/name/releases -f tag_name=v1.2.3
gh api -X POST /repos/{owner}/{repo}/releases
gh api --method DELETE repos/owner/name/releases/12
gh api --method=PATCH "repos/$OWNER/$REPO/releases/12" -F draft=false
gh api repos/owner/name/git/refs -f ref=refs/tags/v1.2.3 -f sha=abc
gh api -XDELETE repos/owner/name/git/refs/tags/v1.2.3
gh api -X PATCH repos/owner/name/git/refs/heads/master -f sha=abc
gh api https://api.github.com/repos/owner/name/releases --input body.json
gh api repos/owner/name/git/tags -f tag=v1.2.3
gh api -X PUT repos/owner/name/contents/README.md -f message=x
gh api -X DELETE repos/owner/name/branches/master/protection
gh api -X POST repos/owner/name/rulesets --input x.json
gh alias set rel 'release create v1.2.3'
curl -X POST https://api.github.com/repos/owner/name/releases -d '{"tag_name":"v1.2.3"}'
curl -sSL -H "Authorization: Bearer $TOKEN" --json '{}' https://api.github.com/repos/owner/name/git/refs
curl -d @body.json "https://api.github.com/repos/$REPO/name/releases"
curl -d @body.json "https://api.github.com/repos/$REPO/releases"
curl -XDELETE https://api.github.com/repos/owner/name/releases/1
curl --request PATCH --url https://api.github.com/repos/owner/name/git/refs/heads/master -d '{}'
curl --data-binary @x.whl "https://uploads.github.com/repos/owner/name/releases/1/assets?name=x.whl"
curl -X POST "$API/repos/owner/name/releases" -d '{}'
wget --method=POST --body-data='{}' https://api.github.com/repos/owner/name/releases
wget --post-data '{}' https://api.github.com/repos/owner/name/releases
http POST https://api.github.com/repos/owner/name/releases tag_name=v1.2.3
http api.github.com/repos/owner/name/releases tag_name=v1.2.3
hub release create v1.2.3
gh alias set r 'release create'
python -c "import subprocess; subprocess.run(['gh', 'release', 'create', 'v1.2.3'])"
gh api repos/o/r/git/refs -f ref=refs/heads/master -f sha=abc
gh api repos/o/r/git/refs -f ref=$REF -f sha=abc
gh api -X DELETE repos/o/r/git/refs/$REF
gh api repos/o/r/git/refs --input ref.json
gh api repos/o/r/git/refs -f ref=refs/heads/topic -f ref=refs/tags/v1.2.3
gh api -X PATCH repos/o/r/git/refs/heads/master -f ref=refs/heads/topic
gh api --input body.json repos/o/r/releases
gh api --cache 1h -X POST repos/o/r/releases
""",
    "merges": r"""
gh pr merge
gh pr merge 12
gh pr merge 12 --squash --delete-branch
gh pr merge --auto --squash 12
gh pr -R owner/name merge 12
gh --repo owner/name pr merge 12 --admin
gh api -X PUT repos/owner/name/pulls/12/merge
gh api --method PUT /repos/owner/name/pulls/12/merge -f merge_method=squash
gh api repos/owner/name/merges -f base=master -f head=topic
gh api -X POST repos/owner/name/merge-upstream -f branch=master
gh api graphql -f query='mutation { mergePullRequest(input: {pullRequestId: "x"}) { clientMutationId } }'
gh api graphql -f query='mutation { enablePullRequestAutoMerge(input: {}) { clientMutationId } }'
gh api graphql -F query='mutation { createRef(input: {}) { clientMutationId } }'
curl -X PUT https://api.github.com/repos/owner/name/pulls/12/merge
curl https://api.github.com/graphql -d '{"query":"mutation { mergePullRequest(input: {}) { clientMutationId } }"}'
$GH pr merge 12
gh alias set --shell m 'gh pr merge $1'
gh alias set m '!gh pr merge'
gh repo sync owner/name
gh repo sync owner/name --branch master
python -c "import requests; requests.put('https://api.github.com/repos/o/r/pulls/5/merge', headers={})"
python3 - <<'EOF'⏎import httpx⏎n = 5⏎httpx.put(f"https://api.github.com/repos/o/r/pulls/{n}/merge", json={})⏎EOF
python3 -c "import subprocess; subprocess.run(['gh', 'pr', 'merge', number, '--squash'])"
gh api -X PUT --input x.json repos/o/r/pulls/5/merge
""",
    "cannot be seen": r"""
gh api graphql -F query=@merge.graphql
gh api graphql -f query="$QUERY"
gh api graphql --input body.json
curl https://api.github.com/graphql -d @body.json
""",
    "starts a workflow": r"""
gh workflow run release.yml
gh workflow run release
gh workflow run Release
gh workflow run .github/workflows/release.yml --ref master
gh workflow run auto-tag-on-master.yml
gh api repos/owner/name/actions/workflows/release.yml/dispatches -f ref=master
gh workflow run --ref master release.yml
gh workflow run -r topic release.yml
""",
    "which workflow": r"""
gh workflow run
gh workflow run 12345
gh workflow run "$WORKFLOW"
gh api -X POST repos/owner/name/actions/workflows/12345/dispatches
""",
    "publishes": r"""
twine upload dist/*
twine upload -r testpypi dist/*
python -m twine upload dist/*
python3.12 -m twine upload dist/*
uv run twine upload dist/*
uv run --with twine twine upload dist/*
uv run python -m twine upload dist/*
uvx twine upload dist/*
uv tool run twine upload dist/*
uv tool run --from twine twine upload dist/*
uv run -m twine upload dist/*
python3 -Im twine upload dist/*
pipx run twine upload dist/*
$PYTHON -m twine upload dist/*
uv publish
uv --directory . publish --token x
UV_PUBLISH_TOKEN=x uv publish dist/*
hatch publish
hatch -e x publish
flit publish
poetry publish --build
poetry -C . publish
pdm publish
maturin publish
python setup.py sdist upload
curl -F content=@dist/x.whl https://upload.pypi.org/legacy/
uv build && uv publish
""",
    "for people": r"""
inv release.tag
inv release.tag --version 1.2.3 --yes
inv version.bump --dry-run release.tag
uv run inv release.tag
python -m invoke release.tag
invoke version.show release.tag
release-coordination release.tag
inv rollback.tag --version 1.2.3
inv guard.install
inv guard.install --remove
uv run inv guard.install --agent
""",
    "maintainer types": r"""
RELEASE_COORDINATION_PUSH="refs/tags/v1.2.3 abc" ./release.sh
export RELEASE_COORDINATION_PUSH="refs/tags/v1.2.3 abc"
env RELEASE_COORDINATION_PUSH=x make release
""",
    "guard": r"""
git push --no-verify
git push --no-verify origin topic
git push origin topic --no-veri
git -c core.hooksPath=/dev/null push origin topic
git -c core.hookspath= push origin topic
git -c CORE.HOOKSPATH=x push origin topic
git config core.hooksPath /dev/null
git config --global core.hooksPath /tmp/hooks
git config --unset core.hooksPath
git config unset core.hooksPath
git config set core.hooksPath x
git config --add core.hooksPath x
git config --remove-section core
git config $KEY value
rm .git/hooks/pre-push
rm -f /r/.git/hooks/pre-push
rm -rf .git/hooks
rm -rf .git
rm -rf ../r/.git/hooks
rm -f .git/hooks/*
rm -rf .gi?/hooks
rm -rf /r
rm -rf .git/release-guard
rm .git/release-guard/sentry.py
cd .git && rm hooks/pre-push
cd .git/hooks; rm pre-push
sudo rm .git/hooks/pre-push
unlink .git/hooks/pre-push
mv .git/hooks/pre-push /tmp
mv .git/hooks /tmp/hooks
mv .git/hooks{,.off}
mv .git/hooks/pre-push{,.off}
chmod -x .git/hooks/pre-push
rm "$(git rev-parse --git-dir)/hooks/pre-push"
echo '{}' > $CLAUDE_PROJECT_DIR/.claude/settings.json
echo '{}' > ~/.claude/settings.json
chmod 644 .git/hooks/pre-push
chmod -R a-x .git/hooks
echo 'exit 0' > .git/hooks/pre-push
echo 'exit 0' >| .git/hooks/pre-push
> .git/hooks/pre-push
: >.git/hooks/pre-push
printf '#!/bin/sh\n' | tee .git/hooks/pre-push
cat > .git/hooks/pre-push <<'EOF'⏎#!/bin/sh⏎EOF
cp /bin/true .git/hooks/pre-push
cp -t .git/hooks /tmp/pre-push
ln -sf /bin/true .git/hooks/pre-push
install -m 755 x .git/hooks/pre-push
sed -i '1a exit 0' .git/hooks/pre-push
sed -Ei.bak s/a/b/ .git/hooks/pre-push
perl -pi -e 's/a/b/' .git/hooks/pre-push
truncate -s 0 .git/hooks/pre-push
dd if=/dev/null of=.git/hooks/pre-push
touch .git/release-guard/scope.json
vim .git/hooks/pre-push
find .git/hooks -name pre-push -delete
python -c "open('.git/hooks/pre-push', 'w')"
python - <<'EOF'⏎import pathlib⏎pathlib.Path(".git/hooks/pre-push").unlink()⏎EOF
node -e 'fs.unlinkSync(".git/hooks/pre-push")'
echo '{}' > .claude/settings.json
jq 'del(.hooks)' x > .claude/settings.json
rm -rf .claude
rm .claude/settings.json
git rm .claude/settings.json
git checkout -- .claude/settings.json
git restore .claude/settings.json
mv x .claude/settings.local.json
sed -i /hooksPath/d .git/config
echo '[core]' >> .git/config
git config --global include.path /tmp/x
git config includeIf.gitdir:/r/.path /tmp/x
printf '[core]\nhooksPath=/x\n' >> ~/.gitconfig
""",
    "does not say which": r"""
jj git push
jj git push --all
jj git push --tracked
jj git push -r @
jj bookmark set master && jj git push
""",
    "nested too deeply": "echo " + "$(" * 80 + "true" + ")" * 80,
}

ALLOWED = r"""
git log v1.0
git log v1.2.3..HEAD
git log --grep 'git push origin master'
git show v1.2.3
git diff v1.2.3 master
git tag
git tag -l
git tag -l 'v*'
git tag --list
git tag --list v1.2.3
git tag -n
git tag -n5 v1.2.3
git tag --contains HEAD
git tag --points-at HEAD
git tag --merged master
git tag --sort=-v:refname
git tag -v v1.2.3
git tag backup
git tag -a topic-done -m 'v1.2.3 is next'
git tag -f nightly
git tag 1.2.3
git tag -d backup
git tag --help
git describe
git describe --tags --match 'v*'
git fetch --tags
git fetch origin
git fetch origin master
git fetch origin master:refs/remotes/origin/master
git fetch origin refs/tags/v1.2.3:refs/tags/v1.2.3
git fetch origin '+refs/tags/*:refs/tags/*'
git fetch origin tag v1.2.3
git pull origin master
git pull --rebase
git merge master
git merge origin/master
git checkout master && git merge topic
git checkout v1.2.3
git checkout master -- README.md
git switch master
git rebase master
git rebase -x 'pytest -q' master
git branch -d old
git branch v1.x
git update-ref refs/heads/topic HEAD
git symbolic-ref HEAD
git symbolic-ref --short HEAD
git ls-remote origin master
git remote add upstream https://example.org/x
git remote -v
git rev-parse v1.2.3
git verify-tag v1.2.3
git for-each-ref refs/tags
git stash push -m 'git push origin master'
git worktree add ../x v1.2.3
git archive v1.2.3
git add -A
git status
git help push
git push --help
git push -h
git push
git push origin
git push origin topic
git push origin feature
git push -u origin feature/x
git push --set-upstream origin feature/x
git push origin HEAD
git push -u origin HEAD
git push origin HEAD:topic
git push origin HEAD:refs/heads/topic
git push origin master:topic
git push origin refs/heads/topic
git push origin refs/heads/v1.x
git push origin +topic
git push --force-with-lease origin topic
git push --force-with-lease
git push -f origin topic
git push origin --delete topic
git push origin :topic
git push origin :refs/heads/topic
git push origin master-fix
git push origin feature/master
git push origin mastery
git push origin 'refs/heads/topic/*'
git push origin refs/tags/nightly
git push origin nightly
git push -o merge_request.title="master v1.2.3" origin topic
git push --no-follow-tags origin topic
git -C /follow push --no-follow-tags origin topic
git -C /m push origin topic
git -C "$DIR" push origin topic
git -C /nowhere push origin topic
git -C /detached push
git -C /upstream push origin other
cd /r/src && git push
cd "$DIR" && git push origin topic
(cd /m && git log) && git push
cd /m && git status; cd /r && git push
git checkout -b feature/x && git commit -m x && git push -u origin HEAD
git switch -c fix && git push
git -C /m switch -c fix
cd /m && git checkout -b fix && git push -u origin HEAD
git commit -am 'fix: x' && git push
GIT_SSH_COMMAND='ssh -i key' git push origin topic
GIT_TRACE=1 git push origin topic
git -c user.name=x push origin topic
git config user.name "$NAME" && git push origin topic
git config push.default
git config --get core.hooksPath
git config core.hooksPath
git config get core.hooksPath
git config --list
git config --global user.email x@example.org
git config push.default current
git p origin topic
git st
git lg
git unheard-of master
git submodule update --init
git submodule foreach 'git status'
git bisect run pytest
git subtree push --prefix=docs origin topic
git flow feature start x
echo "git push origin master"
echo git push origin master
echo 'git tag v1.2.3' >> notes.md
printf 'git push origin master\n' > notes
echo "git push origin master" | tee notes
echo "git push origin master" | grep push
grep 'git push' file
grep -rn "git tag v" .
rg 'git push origin master' docs
sed -n '/git push origin master/p' file
awk '/git push/ {print}' file
# git push origin master
ls # git push origin master
git commit -m "docs: never git push origin master"
git commit -m 'git tag v1.2.3 && git push --tags'
git commit -m "it's: git push origin master"
git commit -F - <<'EOF'⏎docs: git push origin master⏎⏎git tag v1; `git push origin master` $(gh pr merge)⏎EOF
git commit -m "$(cat <<'EOF'⏎docs: explain `git push origin master`⏎⏎git tag v1.2.3⏎EOF⏎)"
cat > notes.md <<'EOF'⏎git push origin master⏎gh release create v1.2.3⏎EOF
cat <<EOF > notes.md⏎git push origin master⏎EOF
cat <<-"END" >> x⏎	git push --mirror⏎	END
cat <<'EOF' | tee docs.md⏎git push origin master⏎EOF
gh pr create --title "git push origin master" --body "gh pr merge 12; git tag v1.2.3"
gh pr create --base master --head topic --fill
gh pr create --body "$(cat <<'EOF'⏎`git push origin master` is refused⏎EOF⏎)"
gh issue create --title 'twine upload fails' --body x
gh pr view 12
gh pr list --base master
gh pr checks 12 --watch
gh pr checkout 12
gh pr edit 12 --base dev
gh pr comment 12 --body "merge it"
gh pr merge --disable-auto 12
gh pr merge --help
gh pr view "$NUMBER"
gh release list
gh release view v1.2.3
gh release download v1.2.3
gh run list --workflow=release.yml --limit=3
gh run watch 123
gh workflow list
gh workflow view release.yml
gh workflow run ci.yml
gh workflow run ci.yml --ref topic
gh api repos/owner/name/releases
gh api repos/owner/name/releases/latest --jq .tag_name
gh api repos/owner/name/git/refs/tags/v1.2.3
gh api "repos/$REPO/pulls/12"
gh api "$ADDRESS"
gh api -X GET repos/owner/name/releases -f per_page=5
gh api repos/owner/name/issues -f title=x
gh api "repos/$REPO/issues/$N/comments" -f body=x
gh api -X PATCH "repos/$REPO/pulls/$N" -f title=x
gh api repos/owner/name/pulls/12/comments -f body=merge
gh api repos/owner/name/pulls -f base=master -f head=topic
gh api -X POST repos/owner/name/releases/generate-notes -f tag_name=v1.2.3
gh api graphql -f query='query { viewer { login } }'
gh api graphql -f query='mutation { addComment(input: {}) { clientMutationId } }'
gh auth status
gh
curl https://api.github.com/repos/owner/name/releases
curl -sSL https://api.github.com/repos/owner/name/releases/latest | jq .tag_name
curl -d '{"title":"x"}' https://api.github.com/repos/owner/name/issues
curl -X POST -d '{}' https://example.org/repos/owner/name/releases
curl -X POST "$HOOK" -d '{"text":"git push origin master"}'
curl -O https://pypi.org/simple/untether/
wget https://api.github.com/repos/owner/name/releases
http https://api.github.com/repos/owner/name/releases
uv build
uv sync
uv run pytest
uv publish --dry-run
uv pip install twine
pip install twine
twine check dist/*
python -m twine check dist/*
uvx twine check dist/*
poetry publish --dry-run
hatch build
poetry build
python setup.py sdist
python -m pytest tests/rules/test_guard.py
python -c "print('git push origin master')"
python - <<'EOF'⏎print("git push origin master")⏎EOF
inv --list
inv release.validate
inv release.tag --help
inv release.tag --dry-run
inv release.tag --version 1.2.3 --dry-run
inv guard.install --dry-run
inv guard.check
inv audit.commits --since v1.2.3
uv run inv version.show
npm publish --help
docker push registry.example.org/image:v1.2.3
docker tag image v1.2.3
$DOCKER push registry/image
$DOCKER tag image v1.2.3
cargo publish
make release
bash -c "$COMMAND"
bash script.sh master
bash -c 'echo git push origin master'
sh -c 'git push origin topic'
eval "$(direnv hook bash)"
xargs -n1 echo git push
find . -name '*.py' -exec grep -l 'git push' {} +
find . -name '*.pyc' -delete
find .git/hooks -type f
command -v git
which git gh twine
type git
man git-push
alias gs='git status'
trap 'rm -f /tmp/x' EXIT
time pytest -q
timeout 60 pytest
env | grep GIT
sudo apt-get install git
ssh host uptime
ssh host 'git push origin topic'
cat .git/hooks/pre-push
ls -la .git/hooks
head -5 .git/hooks/pre-push
cat .claude/settings.json
jq . .claude/settings.json
diff .git/hooks/pre-push /tmp/x
cp .git/hooks/pre-push /tmp/x
git diff .claude/settings.json
git add .claude/settings.json
git log -- .claude/settings.json
cat .git/config
mkdir -p .claude/agents
echo x > .claude/agents/a.md
cp x .git/hooks/commit-msg
rm .git/hooks/commit-msg
rm .git/index.lock
rm "$DIR/pre-push"
rm ~/notes.json
rm -rf build dist
rm -rf *
rm -rf /tmp/x/.git
chmod +x scripts/healthcheck.sh
chmod -R u+w .
sed -i s/a/b/ README.md
echo x > /dev/null 2>&1
echo "$(date)" >> log
x=1; y=$((x << 2)); echo "${y:-none}"
arr=(a b c); echo "${arr[@]}"
for f in git push origin master; do echo $f; done
case "$1" in push) echo push;; tag) echo tag;; esac
if [[ $a =~ (push|tag) ]]; then echo yes; fi
while read -r line; do echo "$line"; done < file
[ -f .git/hooks/pre-push ] && echo there
test -x .git/hooks/pre-push
((i++)); echo $i
python3 - <<'EOF'⏎p = Path('docs/x.md')⏎p.write_text(p.read_text().replace('git push', 'git push origin master'))⏎EOF
python - <<'EOF'⏎def git(*words):⏎    return subprocess.run(['git', *words], check=True)⏎git('log')⏎EOF
python -c "import subprocess; subprocess.run(['git', 'tag', '--list'])"
python -c "import subprocess; subprocess.run(['git', 'push', 'origin', 'topic'])"
python -c "import subprocess; subprocess.run(command)"
python -c "import requests; print(requests.get('https://api.github.com/repos/o/r/pulls/5/merge'))"
node -e "console.log('git push origin master')"
git push https://x:$TOKEN@github.com/owner/name.git topic
git push "https://x-access-token:${GH_TOKEN}@github.com/owner/name.git" HEAD:topic
jj log
jj git fetch
jj describe -m 'git push origin master'
jj git push --bookmark topic
jj git push -c @
jj git push --named topic=@
jj git push --help
jj tag list v1.2.3
hub browse
hub push origin topic
tmux new -d pytest
tmux ls
tmux send-keys -t work 'pytest -q' Enter
tmux capture-pane -p -t work
gh repo sync
gh repo sync --branch master
gh alias set co 'pr checkout'
gh alias set --shell n 'gh issue list | head -n $1'
git config --global user.name x
git config --get include.path
git town sync
cat ~/.gitconfig
at -l
nix-shell -p git
npm exec -- prettier --check .
screen -ls
gh pr comment 5 --body 'please gh pr merge'
gh issue create --title 'git push origin master fails' --body x
gh pr create --fill --body "$(cat <<'EOF'⏎gh pr merge⏎EOF⏎)"
gh api repos/o/r/git/refs -f ref=refs/heads/topic2 -f sha=abc
gh api -X DELETE repos/o/r/git/refs/heads/topic
gh api -X PATCH repos/o/r/git/refs/heads/topic -f sha=abc
git checkout -b v2 && git push -u origin v2
git switch -c v2-refactor && git push
git -C /series push origin v2.x
git -C /series push -u origin HEAD
node -e "/git push (.*)/.exec('git push origin master')"
gh workflow run --ref topic ci.yml
cz commit
cz bump --dry-run
cz check --rev-range v1.2.3..HEAD
semantic-release --noop version
semantic-release changelog
gh api --input body.json repos/o/r/issues
systemd-run --user pytest
ssh-agent git push origin topic
echo 'unclosed
echo "unclosed $(
echo \
"""
