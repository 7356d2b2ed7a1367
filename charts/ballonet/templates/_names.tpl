{{- define "ballonet.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- /*
The longest suffix of it, "-controller-pods", still fits into the 63 letters of a label. A release's name may have dots, a
Service's may not.
*/}}
{{- define "ballonet.fullname" -}}
{{- $name := include "ballonet.name" . -}}
{{- $made := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $made .Values.fullnameOverride | replace "." "-" | trunc 47 | trimSuffix "-" -}}
{{- end }}

{{- define "ballonet.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end }}

{{- /* The name of a part's account: of "exporter", "agent" or "controller". */}}
{{- define "ballonet.account" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- $made := printf "%s-%s" (include "ballonet.fullname" .root) .component -}}
{{- default (ternary $made "default" $account.create) $account.name -}}
{{- end }}

{{- define "ballonet.image" -}}
{{- $image := .Values.image -}}
{{- $registry := default (default "" (.Values.global).imageRegistry) $image.registry -}}
{{- $name := trimPrefix "/" (printf "%s/%s" (trimSuffix "/" $registry) $image.repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{- /* The registry's passwords: this chart's, and those of a chart around it, which may be bare names. */}}
{{- define "ballonet.pullSecrets" -}}
{{- $secrets := .Values.imagePullSecrets -}}
{{- range (.Values.global).imagePullSecrets -}}
{{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- with $secrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end }}

{{- /* What selects a part's pods; it never changes. */}}
{{- define "ballonet.selector" -}}
app.kubernetes.io/name: {{ include "ballonet.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{- /* The labels of an object; without component it belongs to no part. */}}
{{- define "ballonet.labels" -}}
{{- $labels := dict
  "app.kubernetes.io/name" (include "ballonet.name" .root)
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/version" (.root.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/part-of" "ballonet"
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63)
-}}
{{- if .component }}{{- $labels = set $labels "app.kubernetes.io/component" .component }}{{- end -}}
{{- toYaml (merge $labels (.labels | default dict) (.root.Values.commonLabels | default dict)) -}}
{{- end }}

{{- /* A namespaced object's metadata. Takes root, name, and if wanted component, namespace, labels, annotations. */}}
{{- define "ballonet.metadata" -}}
name: {{ .name | quote }}
namespace: {{ default (include "ballonet.namespace" .root) .namespace | quote }}
labels:
  {{- include "ballonet.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The same for an object of the whole cluster. */}}
{{- define "ballonet.clusterMetadata" -}}
name: {{ .name | quote }}
labels:
  {{- include "ballonet.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
