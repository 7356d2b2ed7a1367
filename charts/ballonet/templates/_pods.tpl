{{- /* The parts of a pod's template that exporter, agent and controller share. They take root and component. */}}

{{- define "ballonet.podMetadata" -}}
{{- $part := index .root.Values .component -}}
{{- $labels := fromYaml (include "ballonet.selector" .) -}}
{{- $labels = set $labels "app.kubernetes.io/version" (.root.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
labels:
  {{- toYaml (merge $labels ($part.podLabels | default dict) (.root.Values.commonLabels | default dict)) | nindent 2 }}
annotations:
  {{- toYaml (merge (dict) ($part.podAnnotations | default dict) (dict "kubectl.kubernetes.io/default-container" .component)) | nindent 2 }}
{{- end }}

{{- define "ballonet.podSpec" -}}
{{- $part := index .root.Values .component -}}
serviceAccountName: {{ include "ballonet.account" . | quote }}
automountServiceAccountToken: {{ ne .component "exporter" }}
# Kubernetes' variables about Services would be taken for settings: both begin with BALLONET_.
enableServiceLinks: false
{{- with include "ballonet.pullSecrets" .root }}
{{ . }}
{{- end }}
{{- with $part.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
terminationGracePeriodSeconds: {{ $part.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $part.podSecurityContext | nindent 2 }}
{{- end }}

{{- /* How a new version is rolled out: rollingUpdate of the defaults is refused beside any other type. */}}
{{- define "ballonet.updateStrategy" -}}
{{- $strategy := (index .root.Values .component).updateStrategy | default dict -}}
{{- $rolling := eq ($strategy.type | default "RollingUpdate") "RollingUpdate" -}}
{{- toYaml (ternary $strategy (omit $strategy "rollingUpdate") $rolling) -}}
{{- end }}

{{- /* On which nodes the two DaemonSets run, and in which network. */}}
{{- define "ballonet.onHosts" -}}
{{- $part := index .root.Values .component -}}
{{- $kubevirt := ternary (dict "kubevirt.io/schedulable" "true") (dict) .root.Values.kubevirt.enabled -}}
{{- if $part.hostNetwork }}
hostNetwork: true
dnsPolicy: ClusterFirstWithHostNet
{{- end }}
{{- with merge $kubevirt (.root.Values.hosts.nodeSelector | default dict) }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.hosts.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.hosts.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Flags as a list of strings. Kubernetes replaces $(NAME) in them, so a $ of a value is written twice. */}}
{{- define "ballonet.flags" -}}
{{- $part := index .root.Values .component -}}
{{- $flags := list
  (printf "--log.level=%s" .root.Values.log.level)
  (printf "--log.format=%s" .root.Values.log.format)
  (printf "--web.listen-address=:%d" (int $part.port))
-}}
{{- if .root.Values.webConfig.secretName -}}
{{- $flags = append $flags (printf "--web.config.file=/etc/ballonet/web/%s" .root.Values.webConfig.key) -}}
{{- end -}}
{{- range concat $flags .flags }}
- {{ . | replace "$" "$$" | quote }}
{{- end }}
{{- range $part.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "ballonet.container" -}}
{{- $part := index .root.Values .component -}}
image: {{ include "ballonet.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{- if or .nodeName $part.extraEnv }}
env:
  {{- if .nodeName }}
  - name: BALLONET_NODE_NAME
    valueFrom:
      fieldRef:
        fieldPath: spec.nodeName
  # Where the lock lies; one that cannot be had there is an error, and not a reason to look elsewhere.
  - name: RUNTIME_DIRECTORY
    value: /run/ballonet
  {{- end }}
  {{- with $part.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
ports:
  - name: metrics
    containerPort: {{ $part.port }}
    protocol: TCP
livenessProbe:
  {{- include "ballonet.probe" (dict "root" .root "path" "/-/healthy" "fields" $part.livenessProbe) | nindent 2 }}
readinessProbe:
  {{- include "ballonet.probe" (dict "root" .root "path" "/-/ready" "fields" $part.readinessProbe) | nindent 2 }}
resources:
  {{- toYaml $part.resources | nindent 2 }}
securityContext:
  {{- toYaml $part.securityContext | nindent 2 }}
{{- end }}

{{- define "ballonet.probe" -}}
{{- $web := .root.Values.webConfig -}}
{{- $get := dict "path" .path "port" "metrics" -}}
{{- if and $web.secretName $web.tls }}{{- $get = set $get "scheme" "HTTPS" }}{{- end -}}
{{- $how := dict "httpGet" $get -}}
{{- if and $web.secretName $web.authentication }}{{- $how = dict "tcpSocket" (dict "port" "metrics") }}{{- end -}}
{{- toYaml (merge $how .fields) -}}
{{- end }}

{{- /* Mounts and volumes of the pods' own: the web file, and what values add. */}}
{{- define "ballonet.mounts" -}}
{{- with .root.Values.webConfig.secretName }}
- name: web-config
  mountPath: /etc/ballonet/web
  readOnly: true
{{- end }}
{{- with (index .root.Values .component).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "ballonet.volumes" -}}
{{- with .root.Values.webConfig.secretName }}
- name: web-config
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0444
{{- end }}
{{- with (index .root.Values .component).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* libvirt's sockets: the directory, since a socket by itself would be a dead one after libvirt's next start. */}}
{{- define "ballonet.libvirtMounts" -}}
- name: libvirt
  mountPath: /run/libvirt
  readOnly: true
{{- if .Values.kubevirt.enabled }}
# A short path: that of a socket may have 107 letters only.
- name: pods
  mountPath: /pods
  readOnly: true
  mountPropagation: HostToContainer
{{- end }}
{{- end }}

{{- define "ballonet.libvirtVolumes" -}}
- name: libvirt
  hostPath:
    path: {{ .Values.libvirt.socketDirectory | quote }}
    type: Directory
{{- if .Values.kubevirt.enabled }}
- name: pods
  hostPath:
    path: /var/lib/kubelet/pods
    type: Directory
{{- end }}
{{- end }}
